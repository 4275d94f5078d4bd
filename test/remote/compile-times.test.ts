import { expect, test } from "bun:test";
import { formatCompileTimes, parseCompileTimes } from "../../src/remote/compile-times.ts";
import { entryOf } from "./packed/stocked-bucket.ts";

const [A, B, C] = ["a", "b", "c"].map((name) => entryOf(name));
const ENTRIES = [A, B, C].filter((entry) => entry !== undefined);
const ids = ENTRIES.map(({ actionId }) => actionId);

const times = (known: (number | undefined)[]) => ({
  current: () => (actionId: string) => known[ids.indexOf(actionId)],
  learn: () => {},
});

test("a record has the known times of its entries", () => {
  const about = formatCompileTimes(ENTRIES, times([12.7, undefined, 0]));
  expect(about).toEqual({ compileMs: "12,,0" });
  expect(parseCompileTimes(about, ENTRIES)).toEqual([
    [ids[0] as string, 12],
    [ids[2] as string, 0],
  ]);
});

test("a record of entries with unknown times has no times", () => {
  expect(formatCompileTimes(ENTRIES, times([]))).toEqual({});
  expect(parseCompileTimes({}, ENTRIES)).toEqual([]);
});

test.each(["1,2", "1,2,3,4", "1,-2,3", "1,2e9,3", "1,123456789,3", "x"])(
  "%j are no valid times of three entries",
  (compileMs) => {
    expect(parseCompileTimes({ compileMs }, ENTRIES)).toEqual([]);
  },
);
