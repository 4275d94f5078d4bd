import { expect, test } from "bun:test";
import type { TimeDistribution } from "../../../../src/http/metrics.ts";
import { waitingTimes } from "../../../../src/http/status/sections/waiting-times.ts";
import { reportOf, textOf } from "../report-fixture.ts";

/** Counts up to 1 ms, 10 ms, 100 ms, and above. */
function times(operation: string, counts: [number, number, number, number]): TimeDistribution {
  const limits = [0.001, 0.01, 0.1, Number.POSITIVE_INFINITY];
  return {
    operation,
    count: counts.reduce((sum, count) => sum + count),
    buckets: counts.map((count, index) => ({ upToSeconds: limits[index] ?? 0, count })),
  };
}

/** The rows as text. */
function rowsOf(...all: TimeDistribution[]): string[] {
  const { text } = waitingTimes(reportOf({ times: all }));
  return [...text.matchAll(/<tr><th scope="row">.*?<\/tr>/gs)].map(([row]) => textOf({ text: row }));
}

test("lookups are first, and operations without a label are last", () => {
  const one: [number, number, number, number] = [1, 0, 0, 0];
  const rows = rowsOf(
    times("other", one),
    times("s3_put", one),
    times("s3_get", one),
    times("get_remote_miss", one),
  );
  expect(rows.map((row) => row.replace(/ 1 .*/, ""))).toEqual([
    "Lookup, not found",
    "S3 GET",
    "S3 PUT",
    "other",
  ]);
});

test("quantiles are interpolated within their bucket", () => {
  expect(rowsOf(times("s3_get", [0, 100, 0, 0]))).toEqual(["S3 GET 100 5.5 ms 9.5 ms"]);
  expect(rowsOf(times("s3_get", [60, 0, 40, 0]))).toEqual(["S3 GET 100 0.8 ms 89 ms"]);
  expect(rowsOf(times("s3_get", [0, 0, 0, 3]))).toEqual(["S3 GET 3 over 100 ms over 100 ms"]);
});

test("a histogram has a text alternative", () => {
  const { text } = waitingTimes(reportOf({ times: [times("s3_get", [2, 0, 1, 1234])] }));
  const [, label = ""] = /role="img" aria-label="([^"]*)"/.exec(text) ?? [];
  expect(label.replaceAll("\u202f", " ")).toBe("up to 1 ms: 2, up to 100 ms: 1, over 100 ms: 1,234");
});

test("there is no table before the first request", () => {
  expect(textOf(waitingTimes(reportOf()))).toBe("No request was sent to the bucket yet.");
});
