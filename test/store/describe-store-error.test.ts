import { expect, test } from "bun:test";
import { TimeoutError } from "../../src/lib/async/deadline.ts";
import { S3Error } from "../../src/s3/s3-error.ts";
import { describeDenial, describeStoreError } from "../../src/store/describe-store-error.ts";
import { MissingMountError } from "../../src/store/missing-mount-error.ts";

const at = (operation: string) => ({ operation, bucket: "lab", key: "packed/v1/run/a/very/long/key" });
const refused = Object.assign(new Error("Unable to connect. Is the computer able to access the url?"), {
  code: "ECONNREFUSED",
});
const denial = (operation: string, isUnsigned = false) =>
  new S3Error(at(operation), { status: 403, code: "AccessDenied", message: "no", isUnsigned });

test.each([
  ["connection refused", new S3Error(at("list"), { message: "ECONNREFUSED", cause: refused })],
  ["no answer within 5000 ms", new Error("get action 33f5", { cause: new TimeoutError(5_000) })],
  ["404 NoSuchBucket: gone", new S3Error(at("get"), { status: 404, code: "NoSuchBucket", message: "gone" })],
  ["403 AccessDenied: no", new Error("put k", { cause: denial("put") })],
  [
    "EACCES: permission denied",
    Object.assign(new Error("EACCES: permission denied, open '/long/path'"), { code: "EACCES" }),
  ],
  [
    "there is no directory /mnt, so a mount may be missing",
    new Error("get file:///mnt/cache/a/very/long/key", { cause: new MissingMountError("/mnt") }),
  ],
])("returns %j without key and id", (text, error) => {
  expect(describeStoreError(error)).toBe(text);
});

test("reports missing credentials and what to set", () => {
  const text = "no credentials were found, so requests are not signed (set AWS_ACCESS_KEY_ID and";
  expect(describeStoreError(denial("list", true))).toStartWith(text);
  expect(describeDenial(denial("list", true))).toStartWith(text);
});

test("names the missing permission", () => {
  expect(describeDenial(denial("list"))).toBe("s3:ListBucket is not granted (403 AccessDenied: no)");
  expect(describeDenial(denial("get"))).toStartWith("s3:GetObject or s3:ListBucket is not granted (403");
});
