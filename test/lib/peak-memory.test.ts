import { expect, test } from "bun:test";
import { peakMemoryBytes } from "../../src/lib/peak-memory.ts";
import { run } from "../support/process.ts";

const SCRIPT = `import { peakMemoryBytes } from "${import.meta.dir}/../../src/lib/peak-memory.ts"; console.log(peakMemoryBytes())`;

test("grows with what the process has in memory, and does not shrink", () => {
  const before = peakMemoryBytes();
  const buffer = Buffer.alloc(64 << 20, 1);
  const peak = peakMemoryBytes();
  expect(peak).toBeGreaterThan(before + buffer.length / 2);
  expect(peakMemoryBytes()).toBeGreaterThanOrEqual(peak);
});

test("does not begin with what the parent had", async () => {
  const buffer = Buffer.alloc(512 << 20, 1);
  const { stdout } = await run([process.execPath, "-e", SCRIPT]);
  expect(Number(stdout)).toBeGreaterThan(1 << 20);
  expect(Number(stdout)).toBeLessThan(buffer.length);
});
