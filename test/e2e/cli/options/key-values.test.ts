import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { parseCommandLine } from "../../../../src/cli/command-line.ts";
import { parseSignKey, parseTrustKeys } from "../../../../src/cli/options/key-values.ts";
import { resolveSettings, toConfig } from "../../../../src/cli/options/settings.ts";
import { formatPublicKey, formatSecretKey } from "../../../../src/lib/text/ed25519-text.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { runProgram } from "../program.ts";

const KEY = { seed: Buffer.alloc(32, 1), publicKey: Buffer.alloc(32, 2) };
const SECRET = formatSecretKey(KEY);
const PUBLIC = formatPublicKey(KEY.publicKey);

test("a secret key is a file or the text of a variable", () => {
  using dir = tempDir("keys");
  writeFileSync(dir.join("key"), SECRET);
  expect(parseSignKey(dir.join("key"), "--sign-key")).toEqual(KEY);
  expect(parseSignKey(SECRET, "GOCACHE_SIGN_KEY")).toEqual(KEY);
  expect(parseSignKey("", "GOCACHE_SIGN_KEY")).toBeUndefined();
});

describe("never shows a secret", () => {
  const cases: [string, () => unknown][] = [
    ["on the command line", () => parseCommandLine([`--sign-key=${SECRET}`])],
    ["that is truncated", () => parseSignKey(SECRET.slice(0, -3), "GOCACHE_SIGN_KEY")],
    ["without its beginning", () => parseSignKey(SECRET.slice(15), "GOCACHE_SIGN_KEY")],
    ["given as a key to trust", () => parseTrustKeys(SECRET, "GOCACHE_TRUST_KEYS")],
  ];
  test.each(cases)("%s", (_, parse) => {
    try {
      parse();
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(SECRET.slice(20, 40));
      expect(String(error)).toContain("KEY".toLowerCase());
    }
  });
});

test("keys to trust are texts and files, comma-separated or in repeated flags", () => {
  using dir = tempDir("keys");
  writeFileSync(dir.join("key.pub"), `${PUBLIC}\n`);
  expect(parseTrustKeys(`${PUBLIC}, ${dir.join("key.pub")},`, "x")).toEqual([KEY.publicKey, KEY.publicKey]);
  const { flags } = parseCommandLine([`--trust-key=${PUBLIC}`, `--trust-key=${dir.join("key.pub")}`]);
  expect(resolveSettings(flags, {}).trustKeys.length).toBe(2);
  expect(() => parseTrustKeys(dir.join("none"), "--trust-key")).toThrow(
    '--trust-key: neither a key of "keygen" nor a readable file',
  );
});

test("a set of keys does not depend on order or repetition", () => {
  const other = formatPublicKey(Buffer.alloc(32, 3));
  const setOf = (text: string) => {
    const { cacheDir } = toConfig(resolveSettings(new Map(), { GOCACHE_TRUST_KEYS: text }));
    return typeof cacheDir === "object" ? cacheDir.trustSet : "none";
  };
  expect(setOf(`${PUBLIC},${other}`)).toBe(setOf(`${other},${PUBLIC},${other}`));
  expect(new Set([setOf(PUBLIC), setOf(other), setOf(`${PUBLIC},${other}`), setOf("")]).size).toBe(4);
});

test("a run with keys to trust but none to sign with only reads; a run that signs trusts its own key", () => {
  const remote = (env: Record<string, string>) =>
    toConfig(resolveSettings(new Map(), { GOCACHE_S3_BUCKET: "name", ...env })).remote;
  expect(remote({ GOCACHE_TRUST_KEYS: PUBLIC })?.readOnly).toBe(true);
  const signing = remote({ GOCACHE_SIGN_KEY: SECRET });
  expect([signing?.readOnly, signing?.trust?.keys]).toEqual([false, [KEY.publicKey]]);
});

test("an invalid key ends the program before it answers go", async () => {
  const outcome = await runProgram([], { GOCACHE_TRUST_KEYS: "/none" });
  expect({ ...outcome, stderr: outcome.stderr.split("\n")[0] }).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: 'go-cache-plugin: GOCACHE_TRUST_KEYS: neither a key of "keygen" nor a readable file',
  });
});

test.each(["0", "systemd"])(
  "a server with keys does not listen where another user could send it entries: %s",
  async (plugin) => {
    const outcome = await runProgram(["serve", `--plugin=${plugin}`], { GOCACHE_TRUST_KEYS: PUBLIC });
    expect({ ...outcome, stderr: outcome.stderr.split("\n")[0] }).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "go-cache-plugin: --sign-key and --trust-key need a Unix socket: set --plugin to a path",
    });
  },
);
