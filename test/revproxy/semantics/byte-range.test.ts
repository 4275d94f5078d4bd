import { expect, test } from "bun:test";
import { parseRange } from "../../../src/revproxy/semantics/byte-range.ts";

test("what is no range of bytes, or several, means the whole", () => {
  const texts = [
    undefined,
    "",
    "bytes",
    "bytes=-",
    "bytes=a-b",
    "lines=1-2",
    "bytes=1-2,4-5",
    "bytes=5-4",
    "bytes=1.5-2",
  ];
  expect(texts.filter((text) => parseRange(text, 10) !== undefined)).toEqual([]);
});

test("a range beyond the end can't be given", () => {
  expect(["bytes=10-", "bytes=10-20", "bytes=-0"].map((text) => parseRange(text, 10))).toEqual(
    Array(3).fill("unsatisfiable"),
  );
  expect(parseRange("bytes=0-0", 0)).toBe("unsatisfiable");
  expect(parseRange("bytes=-1", 0)).toBe("unsatisfiable");
});

test("a range is cut at the end", () => {
  expect(parseRange("bytes=0-3", 10)).toEqual({ start: 0, end: 4 });
  expect(parseRange("Bytes = 5-", 10)).toEqual({ start: 5, end: 10 });
  expect(parseRange("bytes=8-99", 10)).toEqual({ start: 8, end: 10 });
  expect(parseRange("bytes=-4", 10)).toEqual({ start: 6, end: 10 });
  expect(parseRange("bytes=-40", 10)).toEqual({ start: 0, end: 10 });
});
