import { expect, test } from "bun:test";
import { directoryTimeMs, fileTimeMs } from "../../../src/app/mtimes/stable-time.ts";

// Whoever has results in a bucket loses them when these change.
test("the times are what they have always been", () => {
  expect(
    new Date(fileTimeMs("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")).toISOString(),
  ).toMatchInlineSnapshot(`"2009-07-15T01:53:57.996Z"`);
  expect(new Date(directoryTimeMs(["go.mod", "main.go"])).toISOString()).toMatchInlineSnapshot(
    `"2004-03-20T18:31:36.574Z"`,
  );
});

test("they lie between 2001 and 2010, in whole milliseconds, also with SHA-256", () => {
  expect(new Date(fileTimeMs("0".repeat(40))).toISOString()).toBe("2001-09-09T01:46:40.000Z");
  expect(new Date(fileTimeMs("f".repeat(64))).toISOString()).toBe("2010-05-26T12:45:06.943Z");
});

test("other content has another time", () => {
  expect(fileTimeMs("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")).not.toBe(
    fileTimeMs("e69de29bc2d1d6434b8b29ae775ad8c2e48c5391"),
  );
});

test("the time of a directory goes by its names in any order, and by where one ends", () => {
  expect(directoryTimeMs(["b", "a"])).toBe(directoryTimeMs(new Set(["a", "b"])));
  expect(directoryTimeMs(["ab"])).not.toBe(directoryTimeMs(["a", "b"]));
});
