import { expect, test } from "bun:test";
import { formatAge, parseDuration, parseLongDuration } from "../../../src/lib/text/duration.ts";

// What time.ParseDuration refuses.
test.each([
  "",
  "3",
  "-",
  "s",
  ".",
  "-.",
  ".s",
  "+.s",
  "1d",
  "1H",
  "1 h",
  " 1h",
  "1h ",
  "1h30",
  "--1h",
  "1e3s",
  "1h-1m",
  "0x1h",
])("refuses %p", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test("refuses what does not fit into 63 bits of nanoseconds", () => {
  expect(parseDuration("2562048h")).toBeUndefined();
});

test.each([
  ["0", 0],
  ["-0", 0],
  ["0s", 0],
  ["5s", 5000],
  ["+5s", 5000],
  ["-5s", -5000],
  ["48h", 172_800_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["5.s", 5000],
  ["300ms", 300],
  ["0.07s", 70],
  ["1m0.5s", 60_500],
  ["12us", 0.012],
  ["12\u00b5s", 0.012],
  ["12\u03bcs", 0.012],
  ["1000000ns", 1],
  ["2562047h", 9_223_369_200_000],
] as const)("reads %p as %p ms", (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms, 6);
});

test("reads the decimal 0.07s as exactly 70 ms", () => {
  expect(parseDuration("0.07s")).toBe(70);
});

test.each(["", "d", "1.d", "-1d", "1d-1h", "1d+1h", "1h1d", "1d1d", "1D", "14 d", "1dx", "1d1", "200000d"])(
  "refuses %p as a long duration",
  (text) => {
    expect(parseLongDuration(text)).toBeUndefined();
  },
);

test.each([
  ["14d", 14 * 86_400_000],
  ["0d", 0],
  ["1.5d", 129_600_000],
  ["1d12h", 129_600_000],
  ["1d0", 86_400_000],
  ["36h", 129_600_000],
  ["90s", 90_000],
])("reads the long duration %p as %p ms", (text, ms) => {
  expect(parseLongDuration(text)).toBe(ms);
});

test.each([
  [-5, "now"],
  [59_999, "now"],
  [60_000, "1m"],
  [3_599_999, "59m"],
  [3_600_000, "1h"],
  [86_399_999, "23h"],
  [86_400_000, "1d"],
  [40 * 86_400_000, "40d"],
])("shows an age of %p ms as %p", (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});
