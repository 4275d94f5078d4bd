import { expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { parsePublicKey, parseSecretKey } from "../../../src/lib/text/ed25519-text.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

const LINES = /^GOCACHE_SIGN_KEY=(\S+)\nGOCACHE_TRUST_KEYS=(\S+)\n$/;

test("prints a matching pair, a new one each time", async () => {
  const [one, two] = await Promise.all([runProgram(["keygen"]), runProgram(["keygen"])]);
  const [, secret = "", open = ""] = LINES.exec(one.stdout) ?? [];
  expect({ ...one, stdout: "" }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(parseSecretKey(secret)?.publicKey).toEqual(parsePublicKey(open) ?? Buffer.from("none"));
  expect(two.stdout).not.toBe(one.stdout);
});

test("writes the secret key to a file that only its owner can read, and prints the public key", async () => {
  using dir = tempDir("keygen");
  const path = dir.join("key");
  const outcome = await runProgram(["keygen", path]);
  expect(outcome).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^GOCACHE_TRUST_KEYS=gocache-public:\S+\n$/),
    stderr: "",
  });
  expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
  expect(parseSecretKey(readFileSync(path, "utf8"))).toBeDefined();
});

test("does not overwrite a file", async () => {
  using dir = tempDir("keygen");
  writeFileSync(dir.join("key"), "another");
  const outcome = await runProgram(["keygen", dir.join("key")]);
  expect({ ...outcome, stderr: outcome.stderr.includes("EEXIST") }).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: true,
  });
  expect(readFileSync(dir.join("key"), "utf8")).toBe("another");
});
