import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { hashFile, hashFileNow } from "../../../src/lib/files/hash-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

const NEVER = new AbortController().signal;

test.each([0, 5, 262_144, 1_000_001])("hashes a file of %p bytes", async (length) => {
  using dir = tempDir("hash-file");
  const bytes = Buffer.alloc(length, "go");
  writeFileSync(dir.join("file"), bytes);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  expect([await hashFile(dir.join("file"), NEVER), hashFileNow(dir.join("file"))]).toEqual([sha256, sha256]);
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
  expect([hashFileNow(dir.join("none")), hashFileNow(dir.path)]).toEqual([undefined, undefined]);
});
