import { expect, test } from "bun:test";
import { printable, printableJson } from "../../../src/lib/text/printable.ts";

test.each([
  ["\u001b[31mred", "\\u001b[31mred"],
  ["a\r\nb\tc\0", "a\\u000d\\u000ab\\u0009c\\u0000"],
  ["\u009b2J", "\\u009b2J"],
  ["abc\u202egpj", "abc\\u202egpj"],
  ["zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"],
  ["line\u2028para\u2029", "line\\u2028para\\u2029"],
  ["half \ud83d", "half \\ud83d"],
  ["\u{e0041}", "\\udb40\\udc41"],
])("shows %j as %s", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test.each(["", "plain text", "größer 測試 🚀", "a/b %2F .."])("leaves %j alone", (text) => {
  expect(printable(text)).toBe(text);
});

test("JSON means the same and holds nothing active", () => {
  const value = { "\u009b": ["\u001b", "\u202e", "🚀", "\n"], half: "\ud83d", tag: "\u{e0041}" };
  const json = printableJson(value);
  expect(JSON.parse(json)).toEqual(value);
  expect(json).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]+(\n[^\p{Cc}\p{Cf}\p{Cs}]+)*$/u);
});
