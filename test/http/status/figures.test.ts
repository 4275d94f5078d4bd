import { describe, expect, test } from "bun:test";
import {
  formatAmount,
  formatCount,
  formatRatio,
  formatSeconds,
  formatSpan,
  formatTime,
} from "../../../src/http/status/figures.ts";

/** With plain spaces instead of narrow ones. */
const plain = (text: string) => text.replaceAll("\u202f", " ");

test("a ratio is 100 only without a miss", () => {
  const ratios = [undefined, 0, 0.0004, 0.5, 1052 / 1066, 9999 / 10_000, 1];
  expect(ratios.map((ratio) => plain(formatRatio(ratio)))).toEqual([
    "–",
    "0 %",
    "0 %",
    "50.0 %",
    "98.6 %",
    "99.9 %",
    "100 %",
  ]);
});

describe("a span", () => {
  test.each([
    [-5, "0 s"],
    [999, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [119_000, "1 min"],
    [3_600_000, "1 h"],
    [11_520_000, "3 h 12 min"],
    [187_200_000, "2 d 4 h"],
  ])("of %d ms is %s", (ms, text) => {
    expect(plain(formatSpan(ms))).toBe(text);
  });
});

test("times of operations have at most two digits", () => {
  const times = [0.0004, 0.001, 0.0123, 0.25, 1.25, 12.6].map((seconds) => plain(formatSeconds(seconds)));
  expect(times).toEqual(["0.4 ms", "1 ms", "12 ms", "250 ms", "1.3 s", "13 s"]);
});

test("counts have separators, and a singular", () => {
  expect([
    formatCount(1_234_567),
    formatAmount(1, "entry", "entries"),
    formatAmount(1052, "look-up"),
  ]).toEqual(["1,234,567", "1 entry", "1,052 look-ups"]);
});

test("a time of day is in UTC, and has the zone", () => {
  expect(formatTime(Date.UTC(2026, 0, 31, 12, 3, 4))).toBe("12:03:04 UTC");
});
