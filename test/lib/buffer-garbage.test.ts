import { expect, test } from "bun:test";
import { run } from "../support/process.ts";

/** Makes and drops gigabytes of buffers, a megabyte each. */
const SCRIPT = `
import { BufferGarbage } from "${import.meta.dir}/../../src/lib/buffer-garbage.ts";
import { peakMemoryBytes } from "${import.meta.dir}/../../src/lib/peak-memory.ts";
const garbage = new BufferGarbage();
for (let i = 0; i < 2000; i++) { new Uint8Array(1 << 20).fill(1); garbage.letGo(1 << 20); }
console.log(peakMemoryBytes());
`;

test("buffers that were let go of do not pile up", async () => {
  const { stdout } = await run([process.execPath, "-e", SCRIPT]);
  expect(Number(stdout)).toBeGreaterThan(0);
  expect(Number(stdout)).toBeLessThan(256 << 20);
});
