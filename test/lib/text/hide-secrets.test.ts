import { describe, expect, test } from "bun:test";
import { formatSecretKey } from "../../../src/lib/text/ed25519-text.ts";
import { hideSecrets, holdsSecret, quoteValue } from "../../../src/lib/text/hide-secrets.ts";

const KEY = formatSecretKey({ seed: Buffer.alloc(32, 1), publicKey: Buffer.alloc(32, 2) });
const PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI\n-----END PRIVATE KEY-----";

describe("hides", () => {
  test.each([
    ["a password", "get https://user:hunter2@host/x: 404", "get https://***@host/x: 404"],
    ["a token without a user", "https://hunter2@host", "https://***@host"],
    ["a password with @ in it", "http://user:hun@ter2@host:1", "http://***@host:1"],
    ["a password with / in it", "http://user:hun/ter2@host", "http://***@host"],
    ["a password with ? and # in it", '"http://user:h?un#ter2@host"', '"http://***@host"'],
    [
      "each of a list",
      "https://a:hunter2@b,https://c:hunter2@d|direct",
      "https://***@b,https://***@d|direct",
    ],
    [
      "a signature",
      "https://b/k?X-Amz-Date=1&X-Amz-Security-Token=hunter2&X-Amz-Signature=hunter2 403",
      "https://b/k?X-Amz-Date=1&X-Amz-Security-Token=***&X-Amz-Signature=*** 403",
    ],
    [
      "a token in a query",
      '"https://b/k?a=1&access_token=hunter2#x"',
      '"https://b/k?a=1&access_token=***#x"',
    ],
    ["a shared access signature", "https://b/k?sv=2&sig=hunter2", "https://b/k?sv=2&sig=***"],
    ["a secret key", `not a file: "${KEY}"`, 'not a file: "gocache-secret:***"'],
    ["a secret key with another label", `"secret=${KEY.slice(15)}."`, '"secret=***."'],
    ["a secret key in PEM", `no ${PEM} here`, "no PRIVATE KEY *** here"],
    ["a secret key in PEM that is cut off", PEM.slice(0, 40), "PRIVATE KEY ***"],
  ])("%s", (_, text, shown) => {
    expect(hideSecrets(text)).toBe(shown);
    expect([holdsSecret(text), holdsSecret(shown)]).toEqual([true, false]);
  });
});

describe("leaves as it is", () => {
  test.each([
    "https://proxy.golang.org/github.com/a/b/@v/list",
    "http://127.0.0.1:3000/mod/github.com/a/b/@v/list",
    "http://[::1]:3000/mod/github.com/a/b/@v/list",
    "ssh://git@github.com/a/b",
    "s3://bucket/packed/v1/run/?list-type=2&prefix=a&key-marker=b",
    "example.com/a/b@v1.2.3",
    "gocache-public:AgICAgI",
  ])("%s", (text) => {
    expect(hideSecrets(text)).toBe(text);
  });
});

test.each([
  "user:hunter2@host:1",
  "http:/user:hunter2@host",
  "http://user:hun ter2@host",
  "http://user:hun,ter2@host",
  "http://user:12,ter2@host",
  "http://user:hun\nter2@host",
  "https://a.example,user:hunter2@host",
])("the value %j may hold a password, and is not quoted", (value) => {
  expect([holdsSecret(value), quoteValue(value)]).toEqual([true, '"***"']);
});

test.each([
  "https://a.example:8080/mod,https://b.example|direct",
  "https://a.example/x@v1",
  "ssh://git@github.com/a/b@v1",
  "git@github.com:a/b",
  "file:///srv/a@b",
  "C:\\caches\\a@b",
  "[::1]:5930",
  "/run/a@b.sock",
  "test-linux@go1.27",
])("the value %j holds no secret, and is quoted", (value) => {
  expect([holdsSecret(value), quoteValue(value)]).toEqual([false, JSON.stringify(value)]);
});
