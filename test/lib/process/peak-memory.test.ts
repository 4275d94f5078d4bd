import { expect, test } from "bun:test";
import { run } from "../../support/process.ts";

/** In a process of its own, whose memory nobody else has filled. */
const SCRIPT = `
import { peakMemoryBytes } from "${import.meta.dir}/../../../src/lib/process/peak-memory.ts";
const sizeBytes = peakMemoryBytes() + (16 << 20);
let held = Buffer.alloc(sizeBytes, 1);
const during = peakMemoryBytes();
held = undefined;
Bun.gc(true);
console.log(JSON.stringify({ grows: during > sizeBytes, stays: peakMemoryBytes() > sizeBytes }));
`;

test("is at least what was in use at once, also when that is not in use any more", async () => {
  const { stdout } = await run([process.execPath, "-e", SCRIPT]);
  expect(JSON.parse(stdout)).toEqual({ grows: true, stays: true });
});
