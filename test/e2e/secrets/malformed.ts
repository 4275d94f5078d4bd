/** Malformed secrets, and the commands that may print them. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { formatSecretKey } from "../../../src/lib/text/ed25519-text.ts";
import { binaryPath } from "../../support/binary.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** The commands to try with the nth combination of a value and a variable. */
export type Choice = <T>(commands: readonly T[], nth: number) => readonly T[];

/** Every command. */
export const ALL: Choice = (commands) => commands;

/** One command, a different one each time: over all values, each variable is tried with each command. */
export const IN_TURN: Choice = (commands, nth) =>
  commands.filter((_, index) => index === nth % commands.length);

/** The whole output of a command on a machine in `dir`. */
async function said(dir: TempDir, args: readonly string[], env: Record<string, string>): Promise<string> {
  const all = plainEnv({ HOME: dir.path, GOCACHE_DIR: dir.join("cache"), GOPROXY: "off", ...env });
  const { stdout, stderr } = await run([binaryPath(), ...args], { env: all, cwd: dir.path, stdin: "" });
  expect(stdout + stderr).not.toBe("");
  return stdout + stderr;
}

const URL_COMMANDS = [["init", "github"], ["env"], ["doctor", "--modproxy"], ["mod", "verify"], ["inspect"]];

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

const URL_VARIABLES = [
  "GOCACHE_UPSTREAM",
  "GOCACHE_S3_ENDPOINT_URL",
  "AWS_ENDPOINT_URL",
  "GOCACHE_REVPROXY",
  "GOCACHE_PLUGIN",
  "GOCACHE_MAX_SIZE",
];

/** Tries each value with the commands that `choice` selects. */
export function testMalformedValues(choice: Choice): void {
  test.each(URLS)("no command shows the password in %j", async (url) => {
    await expectPasswordHidden(url, choice);
  });

  test.each(KEYS.map(([what, value], nth) => [what, value, nth] as const))(
    "no command shows a key with %s",
    async (_, value, nth) => {
      await expectKeyHidden(value, nth, choice);
    },
  );
}

/** No command shows the password in a URL, whichever variable has it. */
async function expectPasswordHidden(url: string, choice: Choice): Promise<void> {
  await using dir = tempDir("malformed");
  writeFileSync(dir.join("go.sum"), `example.com/a v1.0.0 h1:${btoa("x".repeat(32))}\n`);
  for (const [index, variable] of URL_VARIABLES.entries()) {
    for (const args of choice(URL_COMMANDS, URLS.indexOf(url) + index)) {
      const env = { GOCACHE_S3_BUCKET: "bucket", AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s" };
      const text = await said(dir, args, { ...env, GOCACHE_S3_REGION: "us-east-1", [variable]: url });
      expect([variable, args.join(" "), text]).toEqual([variable, args.join(" "), without(text, "hunter2")]);
    }
  }
  for (const args of [
    ["serve", "--http=0"],
    ["ca", "print"],
  ]) {
    const text = await said(dir, args, { GOCACHE_REVPROXY: url });
    expect([args, text]).toEqual([args, without(text, "hunter2")]);
    expect(text).toContain("is not a host such as");
  }
  for (const args of [
    ["doctor", "--modproxy"],
    ["mod", "verify"],
  ]) {
    const text = await said(dir, args, {
      GOCACHE_SUMDB: `sum.example.com ${url}`,
      GOPROXY: "https://127.0.0.1:9",
    });
    expect([args, text]).toEqual([args, without(text, "hunter2")]);
  }
  for (const args of [[`--plugin=${url}`], [url], ["inspect", `--${url}`], ["help", url]]) {
    const text = await said(dir, args, {});
    expect([args, text]).toEqual([args, without(text, "hunter2")]);
  }
}

const KEY = formatSecretKey({
  seed: Buffer.from("an unusual seed of 32 bytes......"),
  publicKey: Buffer.alloc(32, 7),
}).replace(/^.*:/, "");

/** The malformed text, and the secret in it. */
const KEYS: readonly [what: string, value: string][] = [
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
];

const KEY_COMMANDS = [["inspect"], ["doctor"], ["env"], ["init", "github"], ["serve", "--status"]];

/** No command shows the nth of these keys, whichever variable has it. */
async function expectKeyHidden(value: string, nth: number, choice: Choice): Promise<void> {
  await using dir = tempDir("malformed");
  for (const [index, variable] of ["GOCACHE_SIGN_KEY", "GOCACHE_TRUST_KEYS"].entries()) {
    for (const args of choice(KEY_COMMANDS, nth + index)) {
      const text = await said(dir, args, { GOCACHE_S3_BUCKET: "bucket", [variable]: value });
      expect([args, text]).toEqual([args, without(text, KEY.slice(5, 25))]);
      expect(text).toContain(`${variable}: `);
    }
  }
}

/** The text, with its leaks marked. */
function without(text: string, secret: string): string {
  return text.replaceAll(secret, "LEAKED");
}
