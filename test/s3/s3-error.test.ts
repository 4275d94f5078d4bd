import { describe, expect, test } from "bun:test";
import { isAbsent, isConditionFailed, S3Error } from "../../src/s3/s3-error.ts";

const TARGET = { operation: "get", bucket: "bucket", key: "a/b" };

describe("the message", () => {
  test.each([
    [
      { status: 503, code: "SlowDown", requestId: "4442587FB7D0A2F9" },
      "S3 get s3://bucket/a/b: 503 SlowDown (request id 4442587FB7D0A2F9)",
    ],
    [{ status: 502 }, "S3 get s3://bucket/a/b: 502"],
    [{ status: 403, code: "AccessDenied", message: "No." }, "S3 get s3://bucket/a/b: 403 AccessDenied: No."],
    [{ message: "socket closed" }, "S3 get s3://bucket/a/b: socket closed"],
    [{ status: 400, message: "two\nlines\u001b[31m" }, "S3 get s3://bucket/a/b: 400: two lines [31m"],
    [{ status: 400, code: "A\u001b[31m\n" }, "S3 get s3://bucket/a/b: 400 A [31m"],
  ])("of %j is %p", (details, expected) => {
    expect(new S3Error(TARGET, details).message).toBe(expected);
  });

  test("is bounded", () => {
    const long = "x".repeat(10_000);
    expect(new S3Error(TARGET, { code: long, message: long, requestId: long }).message.length).toBeLessThan(
      1_000,
    );
  });
});

test("a missing bucket is not an absent object", () => {
  const of = (status: number, code?: string) => isAbsent(new S3Error(TARGET, { status, code }));
  expect([of(404, "NoSuchKey"), of(404), of(404, "NoSuchBucket"), of(403, "AccessDenied")]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("only 412 is a failed condition", () => {
  const of = (status: number) => isConditionFailed(new S3Error(TARGET, { status }));
  expect([of(412), of(409), of(404)]).toEqual([true, false, false]);
});
