import { expect, test } from "bun:test";
import { quoteGoWord, splitGoWords } from "../../../src/lib/text/go-words.ts";

test.each([
  ["'a", "'"],
  ['a "b c', '"'],
])("%j has a quote that is not closed", (text, quote) => {
  expect(() => splitGoWords(text)).toThrow(`a quote ${quote} is not closed`);
});

// As go/src/cmd/internal/quoted has them.
test.each([
  ["", []],
  [" \t\r\n ", []],
  [" a b ", ["a", "b"]],
  ["a'b c'd", ["a'b", "c'd"]],
  ["'a b' \"c 'd'\"", ["a b", "c 'd'"]],
  ["'a'b", ["a", "b"]],
  ["''", [""]],
  ["a\\ b", ["a\\", "b"]],
  ["~/x $HOME", ["~/x", "$HOME"]],
])("%j is split as go does", (text, words) => {
  expect(splitGoWords(text)).toEqual(words);
});

test.each(["plain", "/with a/blank", "it's", 'say "so"', "", "-flag=ä ö"])(
  "%j is read back as it was",
  (word) => {
    expect(splitGoWords(`x ${quoteGoWord(word)}`)).toEqual(["x", word]);
  },
);

test("both kinds of quotes can't be written", () => {
  expect(quoteGoWord(`'"`)).toBeUndefined();
});
