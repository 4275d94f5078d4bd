import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { spoolFrame } from "../../../../src/remote/packed/write/spooled-output.ts";
import { TempFile } from "../../../../src/store/local/temp-file.ts";
import { FullDisk } from "../../../support/full-disk.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { testOnLinux } from "../../../support/platform.ts";
import { noise } from "../../../support/seed.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { DAMAGES, outputIn, outputOfChunks } from "../damaged-output.ts";

/** Larger than one chunk. */
const LARGER = noise(3 << 20);

test("the frame on the disk contains the output, and the result has its size and hash", async () => {
  using dir = tempDir("spool");
  const file = new TempFile(dir.join("frame"));
  const spooled = await spoolFrame(outputIn(dir, LARGER), file);
  const bytes = await Bun.file(file.path).bytes();
  expect(spooled).toEqual({ path: file.path, sizeBytes: bytes.length, sha256: sha256Hex(bytes) });
  expect(Bun.zstdDecompressSync(bytes).equals(LARGER)).toBe(true);
  file.discard();
});

const OTHER_BYTES: (typeof DAMAGES)[0] = [
  "replaced by other bytes",
  (path) => writeFileSync(path, Buffer.alloc(LARGER.length)),
];

test.each([...DAMAGES, OTHER_BYTES])("the result is undefined if the file is now %s", async (_, damage) => {
  using dir = tempDir("spool");
  const output = outputIn(dir, LARGER);
  damage(output.path);
  const file = new TempFile(dir.join("frame"));
  expect(await spoolFrame(output, file)).toBeUndefined();
  file.discard();
});

testOnLinux("the result is undefined if the disk is full", async () => {
  using dir = tempDir("spool");
  using disk = new FullDisk(16 * 1024);
  const file = new TempFile(disk.join("frame"));
  expect(await spoolFrame(outputIn(dir, LARGER), file)).toBeUndefined();
  file.discard();
});

test("an output that no file has is made of chunks", async () => {
  using dir = tempDir("spool");
  const file = new TempFile(dir.join("frame"));
  await spoolFrame(outputOfChunks(LARGER), file);
  expect(Bun.zstdDecompressSync(await Bun.file(file.path).bytes()).equals(LARGER)).toBe(true);
  file.discard();
  const other = new TempFile(dir.join("other"));
  expect(await spoolFrame(outputOfChunks(LARGER, LARGER.subarray(1)), other)).toBeUndefined();
  other.discard();
});
