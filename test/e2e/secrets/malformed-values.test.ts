/** A secret that is written wrong is still a secret: no command shows it, whether it refuses the value or not. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { formatSecretKey } from "../../../src/lib/ed25519-text.ts";
import { binaryPath } from "../../support/binary.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

let dir: TempDir;

beforeAll(() => {
  dir = tempDir("malformed");
});
afterAll(async () => await dir[Symbol.asyncDispose]());

/** All that a command says. */
async function said(args: readonly string[], env: Record<string, string>): Promise<string> {
  const all = plainEnv({ HOME: dir.path, GOCACHE_DIR: dir.join("cache"), GOPROXY: "off", ...env });
  const { stdout, stderr } = await run([binaryPath(), ...args], { env: all, cwd: dir.path, stdin: "" });
  expect(stdout + stderr).not.toBe("");
  return stdout + stderr;
}

const COMMANDS = [["init", "github"], ["env"], ["doctor", "--modproxy"], ["mod", "verify"], ["inspect"]];

const URLS = [
  "http://user:hunter2 hunter2@127.0.0.1:9",
  "user:hunter2@127.0.0.1:9",
  "http:/user:hunter2@127.0.0.1:9",
  "http://user:hunter2,hunter2@127.0.0.1:9",
  "http://user:12,hunter2@127.0.0.1:9",
  "http://user:hunter2|hunter2@127.0.0.1:9",
  "http://user:hunter2\nhunter2@127.0.0.1:9",
  "http://hunter2 x@127.0.0.1:9",
  "hunter2:x@127.0.0.1:9",
];

test.each(URLS)("no command shows the password in %j", async (url) => {
  writeFileSync(dir.join("go.sum"), `example.com/a v1.0.0 h1:${btoa("x".repeat(32))}\n`);
  for (const variable of [
    "GOCACHE_UPSTREAM",
    "GOCACHE_S3_ENDPOINT_URL",
    "AWS_ENDPOINT_URL",
    "GOCACHE_REVPROXY",
    "GOCACHE_PLUGIN",
    "GOCACHE_MAX_SIZE",
  ]) {
    for (const args of COMMANDS) {
      const env = { GOCACHE_S3_BUCKET: "bucket", AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s" };
      const text = await said(args, { ...env, GOCACHE_S3_REGION: "us-east-1", [variable]: url });
      expect([variable, args.join(" "), text]).toEqual([variable, args.join(" "), without(text, "hunter2")]);
    }
  }
  for (const args of [
    ["serve", "--http=0"],
    ["ca", "print"],
  ]) {
    const text = await said(args, { GOCACHE_REVPROXY: url });
    expect([args, text]).toEqual([args, without(text, "hunter2")]);
    expect(text).toContain("is not a host such as");
  }
  for (const args of [
    ["doctor", "--modproxy"],
    ["mod", "verify"],
  ]) {
    const text = await said(args, {
      GOCACHE_SUMDB: `sum.example.com ${url}`,
      GOPROXY: "https://127.0.0.1:9",
    });
    expect([args, text]).toEqual([args, without(text, "hunter2")]);
  }
  for (const args of [[`--plugin=${url}`], [url], ["inspect", `--${url}`], ["help", url]]) {
    const text = await said(args, {});
    expect([args, text]).toEqual([args, without(text, "hunter2")]);
  }
});

const KEY = formatSecretKey({
  seed: Buffer.from("an unusual seed of 32 bytes......"),
  publicKey: Buffer.alloc(32, 7),
}).replace(/^.*:/, "");

test.each([
  ["another label", `gocache_secret:${KEY}`],
  ["a label in capitals", `GOCACHE-SECRET:${KEY}`],
  ["a misspelt label", `gocache-secrt:${KEY}`],
  ["a label without a colon", `gocache-secret ${KEY}`],
  ["a short label", `secret:${KEY}`],
  ["quotes", `'gocache-secret:${KEY}'`],
  ["quotes and no label", `"${KEY}"`],
  ["a dot after it", `${KEY}.`],
  ["JSON around it", JSON.stringify({ key: KEY })],
  ["a line end in it", `${KEY.slice(0, 50)}\n${KEY.slice(50)}`],
  ["a directory before it", `/keys/${KEY}`],
])("no command shows a key with %s", async (_, value) => {
  for (const variable of ["GOCACHE_SIGN_KEY", "GOCACHE_TRUST_KEYS"]) {
    for (const args of [["inspect"], ["doctor"], ["env"], ["init", "github"], ["serve", "--status"]]) {
      const text = await said(args, { GOCACHE_S3_BUCKET: "bucket", [variable]: value });
      expect([args, text]).toEqual([args, without(text, KEY.slice(5, 25))]);
      expect(text).toContain(`${variable}: `);
    }
  }
});

/** The text, with its leaks marked. */
function without(text: string, secret: string): string {
  return text.replaceAll(secret, "LEAKED");
}
