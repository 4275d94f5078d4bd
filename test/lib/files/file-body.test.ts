import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { readFilePart } from "../../../src/lib/files/file-body.ts";
import { rejection } from "../../support/rejection.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const CONTENT = Buffer.from(Array.from({ length: 600_000 }, (_, i) => i % 251));

let dir: TempDir;
let path: string;
beforeEach(() => {
  dir = tempDir("file-body");
  path = dir.join("file");
  writeFileSync(path, CONTENT);
});
afterEach(() => dir[Symbol.dispose]());

test.each([
  [0, CONTENT.length],
  [1, 300_000],
  [599_999, 1],
  [5, 0],
])("from offset %i a part of %i bytes is read", async (offset, length) => {
  const chunks = await Array.fromAsync(readFilePart({ path, offset, length }));
  expect(Buffer.concat(chunks).equals(CONTENT.subarray(offset, offset + length))).toBe(true);
});

test("a file that is removed while it is read is read to its end", async () => {
  const chunks = readFilePart({ path, offset: 0, length: CONTENT.length });
  const first = (await chunks.next()).value ?? Buffer.alloc(0);
  rmSync(path);
  expect(Buffer.concat([first, ...(await Array.fromAsync(chunks))]).equals(CONTENT)).toBe(true);
});

test("a file that ends early is an error", async () => {
  truncateSync(path, 10);
  const reading = Array.fromAsync(readFilePart({ path, offset: 0, length: 20 }));
  expect(String(await rejection(reading))).toContain("file ends at 10 of 20 bytes");
});

test("an abort ends the reading with its reason", async () => {
  const controller = new AbortController();
  const chunks = readFilePart({ path, offset: 0, length: CONTENT.length, signal: controller.signal });
  await chunks.next();
  controller.abort(new Error("stop"));
  expect(await rejection(chunks.next())).toEqual(new Error("stop"));
});
