import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { hashFile } from "../../../src/lib/files/hash-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

const NEVER = new AbortController().signal;

test.each([0, 5, 262_144, 1_000_001])("hashes a file of %p bytes", async (length) => {
  using dir = tempDir("hash-file");
  const bytes = Buffer.alloc(length, "go");
  writeFileSync(dir.join("file"), bytes);
  expect(await hashFile(dir.join("file"), NEVER)).toBe(
    new Bun.CryptoHasher("sha256").update(bytes).digest("hex"),
  );
});

test("knows no hash of what can't be read, or is no longer to be", async () => {
  using dir = tempDir("hash-file");
  writeFileSync(dir.join("file"), "hello");
  const hashes = [
    hashFile(dir.join("none"), NEVER),
    hashFile(dir.path, NEVER),
    hashFile(dir.join("file"), AbortSignal.abort()),
  ];
  expect(await Promise.all(hashes)).toEqual([undefined, undefined, undefined]);
});
