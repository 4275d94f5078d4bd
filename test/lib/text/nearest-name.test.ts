import { expect, test } from "bun:test";
import { nearestName } from "../../../src/lib/text/nearest-name.ts";

const NAMES = ["c", "bucket", "prefix", "region", "cache-dir", "s3-endpoint-url", "drain", "drain-timeout"];

test.each(["", "x", "cc", "abc", "zzzzzzzz", "url", "constructor"])("finds nothing near %p", (word) => {
  expect(nearestName(word, NAMES)).toBeUndefined();
});

test("finds nothing among no names", () => {
  expect(nearestName("bucket", [])).toBeUndefined();
});

test.each([
  ["buckt", "bucket"],
  ["bukcet", "bucket"],
  ["BUCKET", "bucket"],
  ["cachedir", "cache-dir"],
  ["regoin", "region"],
  ["drian", "drain"],
  ["drain-timout", "drain-timeout"],
  ["endpoint", "s3-endpoint-url"],
  ["s3-bucket", "bucket"],
  ["timeout", "drain-timeout"],
] as const)("takes %p for %p", (word, name) => {
  expect(nearestName(word, NAMES)).toBe(name);
});

test("prefers the name with fewer errors, then the first", () => {
  expect(nearestName("mine", ["mint", "line"])).toBe("mint");
  expect(nearestName("minimum", ["maximum", "minimun"])).toBe("minimun");
});
