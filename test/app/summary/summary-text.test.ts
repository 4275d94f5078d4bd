import { expect, test } from "bun:test";
import { figuresOf } from "../../../src/app/summary/figures.ts";
import { summaryLines } from "../../../src/app/summary/summary-text.ts";

const MIB = 1 << 20;

test("a session without a bucket says what the disk answered", () => {
  const counts = { get: 10, get_local_hit: 9, get_local_miss: 1, put: 1 };
  expect(summaryLines(figuresOf(counts))).toEqual([
    "90.0 % hits (9 of 10)",
    "sources: 9 local disk, 0 bucket, 1 missed",
  ]);
});

test("a session with a bucket says what it brought, and what that cost", () => {
  const counts = {
    get: 1_066,
    get_local_hit: 1_040,
    get_remote_hit: 12,
    get_remote_miss: 14,
    prefetch_outputs: 1_020,
    prefetch_bytes: 38 * MIB,
    s3_requests: 14,
    s3_requests_get: 10,
    s3_requests_list: 1,
    s3_requests_put: 3,
    s3_bytes_received: 38 * MIB,
    s3_bytes_sent: 3 * MIB,
    saved_ms: 23_400,
  };
  expect(summaryLines(figuresOf(counts))).toEqual([
    "98.6 % hits (1,052 of 1,066), 41.0 MiB in 14 requests, about 23 s saved",
    "sources: 1,040 local disk, 12 bucket, 14 missed; fetched from the bucket: 1,020 outputs (38.0 MiB)",
    "cost: $0.000024 (10 GET, 4 PUT or LIST)",
  ]);
});

test("errors and a bucket that is left alone are said", () => {
  const counts = {
    get: 3,
    get_remote_error: 1,
    put_remote_lost: 1_200,
    get_remote_skipped: 380,
    left_alone_slow: 1,
    s3_requests: 1,
    s3_requests_get: 1,
  };
  expect(summaryLines(figuresOf(counts))).toEqual([
    "0.0 % hits (0 of 3), 0 B in 1 request",
    "sources: 0 local disk, 0 bucket, 3 missed",
    "errors: 1 look-up failed, 1,200 entries could not be uploaded in time",
    "remote left alone: slow, 380 look-ups not waited for",
    "cost: $0.0000004 (1 GET, 0 PUT or LIST)",
  ]);
});

test("nothing but all of them is 100 %", () => {
  const [most] = summaryLines(figuresOf({ get: 10_000, get_local_hit: 9_999 }));
  const [all] = summaryLines(figuresOf({ get: 3, get_local_hit: 3 }));
  expect([most, all]).toEqual(["99.9 % hits (9,999 of 10,000)", "100.0 % hits (3 of 3)"]);
});

test.each([
  [400, "about 0.4 s saved"],
  [90_000, "about 90 s saved"],
  [600_000, "about 10 min saved"],
])("%p ms are %p", (ms, text) => {
  expect(summaryLines(figuresOf({ get: 1, get_local_hit: 1, saved_ms: ms }))[0]).toEndWith(text);
});

test("a session that looked nothing up says so", () => {
  expect(summaryLines(figuresOf({}))[0]).toBe("no look-ups");
});
