import { expect, test } from "bun:test";
import { figuresOf } from "../../../src/app/summary/figures.ts";
import { percentages, summaryLines } from "../../../src/app/summary/summary-text.ts";

const MIB = 1 << 20;

test("a session without a bucket says what the disk answered", () => {
  const counts = { get: 10, get_local_hit: 9, get_local_miss: 1, put: 1 };
  expect(summaryLines(figuresOf(counts))).toEqual([
    "90.0 % hits (9 of 10)",
    "sources: 9 local disk, 0 bucket, 1 missed",
  ]);
});

test("the summary of a session with a bucket has its hits and what they cost", () => {
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
    compile_saved_ms: 25_000,
    remote_wait_ms: 1_600,
  };
  expect(summaryLines(figuresOf(counts))).toEqual([
    "98.6 % hits (1,052 of 1,066), 41.0 MiB in 14 requests, about 23 s saved",
    "sources: 1,040 local disk, 12 bucket, 14 missed; fetched from the bucket: 1,020 outputs (38.0 MiB)",
    "cost: requests $0.000024 (10 GET, 4 PUT or LIST); traffic up to $0.0036 outside AWS",
  ]);
});

test("errors come first, then why the bucket was bypassed", () => {
  const counts = {
    get: 3,
    get_remote_miss: 382,
    get_remote_error: 1,
    put_remote_lost: 1_200,
    get_remote_skipped: 380,
    left_alone_slow: 1,
    s3_requests: 1,
    s3_requests_get: 1,
  };
  expect(summaryLines(figuresOf(counts))).toEqual([
    "errors: 1 lookup failed, 1,200 entries could not be uploaded in time",
    "0.0 % hits (0 of 3), 0 B in 1 request",
    "sources: 0 local disk, 0 bucket, 3 missed",
    "bucket bypassed: slower than compiling, go did not wait for 380 lookups",
    "cost: requests $0.0000004 (1 GET, 0 PUT or LIST)",
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
  expect(summaryLines(figuresOf({ get: 1, get_local_hit: 1, compile_saved_ms: ms }))[0]).toEndWith(text);
});

test("a session that looked nothing up says so", () => {
  expect(summaryLines(figuresOf({}))[0]).toBe("no lookups");
});

test.each([
  ["nothing came", { get: 9, get_local_hit: 9 }],
  ["waiting took longer than compiling", { get: 9, compile_saved_ms: 900, remote_wait_ms: 901 }],
])("no time is said to be saved when %s", (_, counts) => {
  const figures = figuresOf(counts as Record<string, number>);
  expect([figures.savedMs, summaryLines(figures).join()]).toEqual([
    undefined,
    expect.not.stringContaining("saved"),
  ]);
});

test.each([
  ["no right to list", { remote_list_denied: 1, get_remote_denied: 9 }, "s3:ListBucket is not granted (403)"],
  [
    "no credentials",
    { remote_unsigned: 1, get_remote_denied: 9 },
    "no credentials were found, and it refuses",
  ],
  ["refused reads", { get_remote_denied: 9 }, "s3:GetObject or s3:ListBucket is not granted (403)"],
  ["another refusal", { get_remote_error: 1, get_remote_skipped: 8, s3_answers_list_403: 1 }, "(403)"],
  ["silence", { get_remote_error: 2, get_remote_skipped: 7 }, "it failed or did not answer"],
  [
    "silence that another command has met",
    { get_remote_skipped: 9, left_alone_unanswered: 1 },
    "did not answer",
  ],
])("a bucket without any traffic comes first, with the reason: %s", (_, counts, reason) => {
  const [first] = summaryLines(
    figuresOf({ get: 9, get_remote_miss: 9, ...(counts as Record<string, number>) }),
  );
  expect(first).toStartWith("The bucket was not used: ");
  expect(first).toContain(reason);
  expect(first).toEndWith(". Nothing was shared.");
});

test.each([
  ["answered a lookup", { get_remote_miss: 10 }],
  ["sent outputs ahead of go", { prefetch_outputs: 1 }],
  ["took uploads", { put_remote_object: 1 }],
])("it was used if it %s", (_, counts) => {
  const failures = { get: 9, get_remote_miss: 9, get_remote_error: 9 };
  expect(figuresOf({ ...failures, ...(counts as Record<string, number>) }).bucketUnused).toBeUndefined();
});

test.each<[number[], string[]]>([
  [
    [2_244, 82, 2],
    ["96.4 %", "3.5 %", "0.1 %"],
  ],
  [
    [9_999, 0, 1],
    ["99.9 %", "0.0 %", "0.1 %"],
  ],
  [
    [9_900, 99, 1],
    ["99.0 %", "0.9 %", "0.1 %"],
  ],
  [
    [1, 1, 1],
    ["33.3 %", "33.3 %", "33.4 %"],
  ],
  [
    [5, 0, 0],
    ["100.0 %", "0.0 %", "0.0 %"],
  ],
  [
    [0, 9_999, 1],
    ["0.0 %", "99.9 %", "0.1 %"],
  ],
  [
    [0, 0, 0],
    ["0.0 %", "0.0 %", "0.0 %"],
  ],
])(
  "the percentages of %p local hits, remote hits and misses add up",
  ([local = 0, remote = 0, missed = 0], shares) => {
    const get = local + remote + missed;
    expect(percentages(figuresOf({ get, get_local_hit: local, get_remote_hit: remote }))).toEqual(
      shares as never,
    );
  },
);
