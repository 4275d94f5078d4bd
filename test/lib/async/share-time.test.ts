import { expect, test } from "bun:test";
import { shareTime } from "../../../src/lib/async/share-time.ts";

test.each<[string, [number, number][], number[]]>([
  ["nothing", [], []],
  ["one interval has all of its time", [[2, 5]], [3]],
  [
    "two at once have half of it each",
    [
      [0, 4],
      [0, 4],
    ],
    [2, 2],
  ],
  [
    "only the overlap is split",
    [
      [0, 4],
      [2, 6],
    ],
    [3, 3],
  ],
  [
    "one within another",
    [
      [0, 10],
      [4, 6],
    ],
    [9, 1],
  ],
  [
    "one after the other",
    [
      [0, 1],
      [3, 5],
    ],
    [1, 2],
  ],
  [
    "one that ends before it starts has nothing",
    [
      [5, 3],
      [5, 6],
    ],
    [0, 1],
  ],
])("%s", (_, spans, shares) => {
  expect(shareTime(spans.map(([startMs, endMs]) => ({ startMs, endMs })))).toEqual(shares);
});
