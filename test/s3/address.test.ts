import { describe, expect, test } from "bun:test";
import { Address, encodeKey } from "../../src/s3/address.ts";

function urlOf(options: {
  bucket?: string;
  endpointUrl?: string;
  pathStyle?: boolean;
  region?: string;
  key?: string;
}) {
  const { bucket = "bucket", endpointUrl, pathStyle, region = "eu-west-1", key = "k" } = options;
  return new Address({ bucket, endpointUrl, pathStyle }).url(region, key, {}).href;
}

describe("an address is rejected", () => {
  test.each(["a/../b", "a/./b", "..", ".", "a/..", "/a", "a/\ud800"])("for the key %s", (key) => {
    expect(() => urlOf({ key, pathStyle: true })).toThrow("no URL can name this key");
  });

  test.each(["", "a b", "-a", "bucket/x", "evil.com#", "a?b", "http://x"])("for the bucket %p", (bucket) => {
    expect(() => urlOf({ bucket })).toThrow("not a bucket name");
  });

  test.each([
    "ftp://host",
    "host:9000",
    "not a url",
    "https://user:secret@host",
    "https://host?query",
    "https://host/#fragment",
  ])("for the endpoint %s", (endpointUrl) => {
    expect(() => urlOf({ endpointUrl })).toThrow(Error);
  });

  test.each([
    "http://host:9000/bucket",
    "http://host:9000/base/bucket/",
    "https://bucket.s3.eu-west-1.amazonaws.com",
  ])("for the endpoint %s, which contains the bucket", (endpointUrl) => {
    expect(() => urlOf({ endpointUrl })).toThrow("names the bucket bucket; give the server's address only");
  });

  test("for a region that could lead to another host", () => {
    expect(() => urlOf({ region: "evil.example/" })).toThrow("not an AWS region");
  });

  test("without showing the password in an endpoint", () => {
    expect(() => urlOf({ endpointUrl: "https://user:hunter2@host" })).not.toThrow(/hunter2/);
  });
});

describe("an address is", () => {
  test.each([
    ["https://bucket.s3.eu-west-1.amazonaws.com/k", {}],
    ["https://s3.eu-west-1.amazonaws.com/bucket/k", { pathStyle: true }],
    ["https://bucket.s3.cn-north-1.amazonaws.com.cn/k", { region: "cn-north-1" }],
    ["https://s3.eu-west-1.amazonaws.com/dotted.bucket/k", { bucket: "dotted.bucket" }],
    ["https://s3.eu-west-1.amazonaws.com/Old_Bucket/k", { bucket: "Old_Bucket" }],
    ["http://minio.test:9000/bucket/k", { endpointUrl: "http://minio.test:9000" }],
    ["http://localhost:9000/bucket/k", { endpointUrl: "http://localhost:9000" }],
    ["http://bucket.minio.test:9000/k", { endpointUrl: "http://minio.test:9000", pathStyle: false }],
    [
      "http://dotted.bucket.minio.test/k",
      { endpointUrl: "http://minio.test", bucket: "dotted.bucket", pathStyle: false },
    ],
    [
      "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/k",
      { endpointUrl: "https://s3.dualstack.eu-west-1.amazonaws.com" },
    ],
    [
      "https://bucket.s3.cn-north-1.amazonaws.com.cn/k",
      { endpointUrl: "https://s3.cn-north-1.amazonaws.com.cn" },
    ],
    ["https://amazonaws.com.example/bucket/k", { endpointUrl: "https://amazonaws.com.example" }],
    ["https://minio.test/dotted.bucket/k", { endpointUrl: "https://minio.test", bucket: "dotted.bucket" }],
    ["https://minio.test/base/bucket/k", { endpointUrl: "https://minio.test/base/", pathStyle: true }],
    ["https://bucket.minio.test/base/k", { endpointUrl: "https://minio.test/base", pathStyle: false }],
    ["http://127.0.0.1:9000/bucket/k", { endpointUrl: "http://127.0.0.1:9000", pathStyle: false }],
    ["http://[::1]:9000/bucket/k", { endpointUrl: "http://[::1]:9000", pathStyle: false }],
  ])("%s", (expected, options) => {
    expect(urlOf(options)).toBe(expected);
  });

  test.each([
    ["a b", "a%20b"],
    ["a+b", "a%2Bb"],
    ["100%/%41", "100%25/%2541"],
    ["a?b#c", "a%3Fb%23c"],
    ["'!*()~", "%27%21%2A%28%29~"],
    ["a//b/", "a//b/"],
    ["😀ä", "%F0%9F%98%80%C3%A4"],
    ["a\\b\u0001", "a%5Cb%01"],
  ])("with the key %p written as %s", (key, encoded) => {
    expect(encodeKey(key)).toBe(encoded);
    expect(urlOf({ key, pathStyle: true })).toBe(`https://s3.eu-west-1.amazonaws.com/bucket/${encoded}`);
  });
});

test.each([
  ["http://localhost:1", true],
  ["https://bucket.localhost", true],
  ["http://127.3.2.1", true],
  ["http://[::1]:80", true],
  ["http://10.0.0.1", false],
  ["https://localhost.example.com", false],
  ["https://127.0.0.1.example.com", false],
  [undefined, false],
])("%s is on this machine: %p", (endpointUrl, expected) => {
  expect(new Address({ bucket: "bucket", endpointUrl, pathStyle: true }).isLoopback).toBe(expected);
});
