/** Zips in which go sees what was hashed, and nothing else. */
import { describe, expect, test } from "bun:test";
import { hashZip } from "../../../src/gomod/zip/expand-zip.ts";
import { hashPlainZip } from "../../../src/gomod/zip/plain-zip.ts";
import { makeZip } from "../../support/modules/make-zip.ts";
import { tempDir } from "../../support/temp-dir.ts";

const PREFIX = "example.com/a@v1.0.0/";
const NAME = `${PREFIX}a.go`;
const FILES = { [NAME]: "package a\n", [`${PREFIX}large`]: "x".repeat(5_000_000) };
const END_BYTES = 22;

async function hashOf(zip: Buffer): Promise<string> {
  using dir = tempDir("plain-zip");
  await Bun.write(dir.join("zip"), zip);
  return await hashPlainZip(dir.join("zip"), "example.com/a", "v1.0.0");
}

/** Of a file's entry in the list. */
function entryOf(zip: Buffer, name = NAME): number {
  return zip.lastIndexOf(name) - 46;
}

/** The zip with a change, made in its bytes. */
function altered(alter: (zip: Buffer, end: number) => unknown): Buffer {
  const zip = makeZip(FILES);
  alter(zip, zip.length - END_BYTES);
  return zip;
}

/** The zip with bytes around its end. */
function withEnd(before: Uint8Array, comment: Uint8Array): Buffer {
  const zip = makeZip(FILES);
  const [list, end] = [zip.subarray(0, -END_BYTES), Buffer.from(zip.subarray(-END_BYTES))];
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([list, before, end, comment]);
}

describe("has no hash:", () => {
  test.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["a zip that is cut off", makeZip(FILES).subarray(0, -1)],
    ["bytes after the end", Buffer.concat([makeZip(FILES), Buffer.from("x")])],
    ["bytes before the first file", Buffer.concat([Buffer.from("x"), makeZip(FILES)])],
    ["bytes between the list and the end", withEnd(Buffer.from("x"), Buffer.alloc(0))],
    ["a comment", withEnd(Buffer.alloc(0), Buffer.from("x"))],
    ["a second end in a comment", withEnd(Buffer.alloc(0), makeZip({}))],
    ["another zip behind it", Buffer.concat([makeZip(FILES), makeZip({ [NAME]: "package evil\n" })])],
    ["a number of files that stands elsewhere", altered((zip, end) => zip.writeUInt16LE(0xffff, end + 10))],
    [
      "a length of the list that may stand elsewhere",
      altered((zip, end) => zip.writeUInt32LE(0xffff, end + 12)),
    ],
    ["a list that stands elsewhere", altered((zip, end) => zip.writeUInt32LE(0xffff_ffff, end + 16))],
    ["a size of 64 bits", altered((zip) => zip.writeUInt32LE(0xffff_ffff, entryOf(zip) + 24))],
    ["an entry for a folder", makeZip({ ...FILES, [`${PREFIX}b/`]: "" })],
    ["a file of another module", makeZip({ ...FILES, "example.com/b@v1.0.0/a.go": "" })],
    ["a file twice, but for capitals", makeZip({ ...FILES, [`${PREFIX}A.go`]: "" })],
    ["a wrong checksum", altered((zip) => zip.writeUInt32LE(1, entryOf(zip) + 16))],
    [
      "a wrong checksum of a large file",
      altered((zip) => zip.writeUInt32LE(1, entryOf(zip, `${PREFIX}large`) + 16)),
    ],
    ["a checksum after the file that is wrong", altered((zip) => zip.writeUInt16LE(8, entryOf(zip) + 8))],
  ])("%s", async (_, zip) => {
    await expect(hashOf(zip)).rejects.toThrow();
  });
});

test("what go makes has the same hash as with any reader", async () => {
  using dir = tempDir("plain-zip");
  await Bun.write(dir.join("zip"), makeZip(FILES));
  expect(await hashOf(makeZip(FILES))).toBe(await hashZip(dir.join("zip")));
});
