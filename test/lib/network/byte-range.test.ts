import { expect, test } from "bun:test";
import { parseRange, selectBytes } from "../../../src/lib/network/byte-range.ts";

test("a field without one range of bytes asks for the whole body", () => {
  const texts = [
    undefined,
    "",
    "bytes",
    "bytes=-",
    "bytes=a-b",
    "lines=1-2",
    "items=0-1",
    "bytes=1-2,4-5",
    "bytes=5-4",
    "bytes=9-0",
    "bytes=1.5-2",
  ];
  expect(texts.filter((text) => parseRange(text, 10) !== undefined)).toEqual([]);
});

test("a range beyond the end is unsatisfiable", () => {
  expect(["bytes=10-", "bytes=10-20", "bytes=-0"].map((text) => parseRange(text, 10))).toEqual(
    Array(3).fill("unsatisfiable"),
  );
  expect(parseRange("bytes=0-0", 0)).toBe("unsatisfiable");
  expect(parseRange("bytes=-1", 0)).toBe("unsatisfiable");
});

test("a range ends at the end of the body", () => {
  expect(parseRange("bytes=0-3", 10)).toEqual({ start: 0, end: 4 });
  expect(parseRange("Bytes = 5-", 10)).toEqual({ start: 5, end: 10 });
  expect(parseRange("bytes=8-99", 10)).toEqual({ start: 8, end: 10 });
  expect(parseRange("bytes=-4", 10)).toEqual({ start: 6, end: 10 });
  expect(parseRange("bytes=-40", 10)).toEqual({ start: 0, end: 10 });
});

test("an answer has the status and the Content-Range of its bytes", () => {
  expect(selectBytes(undefined, 10)).toEqual({ status: 200, start: 0, end: 10 });
  expect(selectBytes("bytes=2-3", 10)).toEqual({
    status: 206,
    start: 2,
    end: 4,
    contentRange: "bytes 2-3/10",
  });
  expect(selectBytes("bytes=10-", 10)).toEqual({ status: 416, start: 0, end: 0, contentRange: "bytes */10" });
});
