import { expect, test } from "bun:test";
import { BusyTime } from "../../../src/lib/async/busy-time.ts";

test.each<[string, [number, number][], number]>([
  ["nothing", [], 0],
  ["one thing", [[2, 5]], 3],
  [
    "one after the other",
    [
      [0, 1],
      [3, 5],
    ],
    3,
  ],
  [
    "side by side",
    [
      [0, 4],
      [1, 5],
    ],
    5,
  ],
  [
    "one within the other, which ends last",
    [
      [2, 3],
      [0, 10],
    ],
    10,
  ],
  [
    "one that spans a gap",
    [
      [0, 1],
      [4, 5],
      [7, 8],
      [3, 9],
    ],
    7,
  ],
  [
    "one that begins where another ended",
    [
      [0, 2],
      [2, 3],
    ],
    3,
  ],
])("counts time once: %s", (_, spans, total) => {
  const busy = new BusyTime();
  for (const [startMs, endMs] of spans) busy.add(startMs, endMs);
  expect(busy.totalMs).toBe(total);
});
