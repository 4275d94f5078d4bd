import { expect, test } from "bun:test";
import { alignColumns, wrapText } from "../../../src/cli/text/text-layout.ts";

test("breaks at blanks so that no line is wider than 100, the indent counted", () => {
  const lines = wrapText("word ".repeat(50).trim(), 20).split("\n");
  expect(lines.map((line) => line.length)).toEqual([99, 99, 99, 29]);
  expect(lines.every((line) => line.startsWith(`${" ".repeat(20)}word`))).toBe(true);
});

test("leaves a word that is wider than a line whole", () => {
  expect(wrapText(`a ${"x".repeat(120)} b`, 0)).toBe(`a\n${"x".repeat(120)}\nb`);
});

test("aligns columns without blanks at the end of a line", () => {
  expect(alignColumns([["a", "b"], ["long", "c", "d"], ["e"]])).toBe("a     b\nlong  c  d\ne");
});
