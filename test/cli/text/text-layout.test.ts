import { expect, test } from "bun:test";
import { alignColumns, wrapText } from "../../../src/cli/text/text-layout.ts";

test("wraps at spaces to lines of at most 100 characters, indent included", () => {
  const lines = wrapText("word ".repeat(50).trim(), 20).split("\n");
  expect(lines.map((line) => line.length)).toEqual([99, 99, 99, 29]);
  expect(lines.every((line) => line.startsWith(`${" ".repeat(20)}word`))).toBe(true);
});

test("does not break a word that is longer than a line", () => {
  expect(wrapText(`a ${"x".repeat(120)} b`, 0)).toBe(`a\n${"x".repeat(120)}\nb`);
});

test("aligns columns without trailing spaces", () => {
  expect(alignColumns([["a", "b"], ["long", "c", "d"], ["e"]])).toBe("a     b\nlong  c  d\ne");
});
