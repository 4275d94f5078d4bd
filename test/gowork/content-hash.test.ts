import { describe, expect, test } from "bun:test";
import { idPart } from "../../src/gowork/build-id.ts";
import { ContentHash, type Range } from "../../src/gowork/content-hash.ts";

const ID = "aaaa/bbbb/cccc/dddd";

function contentId(text: string, chunkBytes: number, ranges: Range[] = []): string {
  const hash = new ContentHash(ID, ranges);
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += chunkBytes) hash.update(bytes.subarray(at, at + chunkBytes));
  expect(bytes.toString("latin1")).toBe(text);
  return hash.digest();
}

function idOfText(text: string): string {
  return idPart(new Bun.CryptoHasher("sha256").update(Buffer.from(text, "latin1")).digest());
}

const ZEROS = "\0".repeat(ID.length);

describe.each([1, 2, 7, ID.length - 1, ID.length, ID.length + 1, 1_000])("in pieces of %d bytes", (bytes) => {
  test("a text without the build id counts as it is", () => {
    for (const text of ["", "a", "aaaa/bbbb/cccc/ddd", `${"aaaa/".repeat(20)}`])
      expect(contentId(text, bytes)).toBe(idOfText(text));
  });

  test("the build id counts as zeros, wherever and how often it is there", () => {
    expect(contentId(ID, bytes)).toBe(idOfText(ZEROS));
    expect(contentId(`x${ID}${ID}y${ID}`, bytes)).toBe(idOfText(`x${ZEROS}${ZEROS}y${ZEROS}`));
    expect(contentId(`aaaa/${ID}z`, bytes)).toBe(idOfText(`aaaa/${ZEROS}z`));
  });

  test("ranges count as zeros, also beyond the end, and hide a build id in them", () => {
    const text = `0123456789${ID}0123456789`;
    const ranges = [
      { start: 0, end: 2 },
      { start: 9, end: 11 },
      { start: text.length - 1, end: text.length + 50 },
    ];
    const wanted = `\0\x002345678\0\0${ID.slice(1)}012345678\0`;
    expect(contentId(text, bytes, ranges)).toBe(idOfText(wanted));
  });
});
