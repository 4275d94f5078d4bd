import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { commitAll } from "../../support/git.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { programPath } from "./program.ts";

const TIME = "2009-01-31T11:29:58.355Z";

function makeCheckout(dir: TempDir): void {
  mkdirSync(dir.join("sub"));
  writeFileSync(dir.join("sub/\u001b[1mfile"), "content\n");
  writeFileSync(dir.join("other"), "other\n");
  commitAll(dir.path);
  writeFileSync(dir.join("other"), "changed\n");
}

function mtimes(dir: TempDir, ...args: string[]) {
  return run([programPath(), "mtimes", ...args], { cwd: dir.path, env: plainEnv() });
}

test("fails outside of a checkout, exit code 1", async () => {
  using dir = tempDir("mtimes");
  const outcome = await mtimes(dir);
  expect(outcome).toMatchObject({ stdout: "", exitCode: 1 });
  expect(outcome.stderr).toStartWith(
    `go-cache-plugin: git rev-parse in ${dir.path}: fatal: not a git repository`,
  );
});

test("a dry run prints the times it would set, safe to print", async () => {
  using dir = tempDir("mtimes");
  makeCheckout(dir);
  const before = lstatSync(dir.join("sub")).mtimeMs;
  const { stdout, stderr, exitCode } = await mtimes(dir, "--dry-run", "sub");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(
    stdout.replaceAll(/\d{4}-\S+Z/g, "TIME").replaceAll(dir.path, "DIR"),
  ).toBe(`TIME DIR/sub/\\u001b[1mfile
TIME DIR/sub
times to set: files 1, directories 1; already set: 0
`);
  expect(lstatSync(dir.join("sub")).mtimeMs).toBe(before);
});

test("sets times, and counts the skipped files", async () => {
  using dir = tempDir("mtimes");
  makeCheckout(dir);
  const counts = "times set: files 1, directories 2; already set: 0; skipped, not as committed: 1\n";
  expect(await mtimes(dir)).toEqual({ stdout: counts, stderr: "", exitCode: 0 });
  expect(lstatSync(dir.join("sub/\u001b[1mfile")).mtime.toISOString()).toBe(TIME);
});
