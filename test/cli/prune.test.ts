import { expect, test } from "bun:test";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../support/binary.ts";
import { plainEnv, run } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";

const OLD_ID = "0a".repeat(32);
const NEW_ID = "0b".repeat(32);
const DAY_SECONDS = 86_400;

function prune(cacheDir: string, ...flags: string[]) {
  return run([binaryPath(), "prune", `--cache-dir=${cacheDir}`, ...flags], { env: plainEnv() });
}

function putEntry(cacheDir: string, id: string, usedSeconds: number): string {
  for (const kind of ["action", "output"])
    mkdirSync(join(cacheDir, kind, id.slice(0, 2)), { recursive: true });
  writeFileSync(join(cacheDir, "action", id.slice(0, 2), id), `${id} 5\n`);
  const output = join(cacheDir, "output", id.slice(0, 2), id);
  writeFileSync(output, "hello");
  utimesSync(output, usedSeconds, usedSeconds);
  return output;
}

test("a directory that can't be written is named, exit code 1", async () => {
  await using dir = tempDir("prune");
  writeFileSync(dir.join("state"), "");
  const outcome = await prune(dir.path);
  expect(outcome).toEqual({
    stdout: "",
    stderr: `go-cache-plugin: ${dir.path} can't be written, or another process is pruning it\n`,
    exitCode: 1,
  });
});

test("a directory that isn't there is not made", async () => {
  await using dir = tempDir("prune");
  const root = dir.join("absent");
  const outcome = await prune(root);
  expect(outcome).toEqual({
    stdout: `${root}: removed 0 outputs of 0 B, 0 B left\n`,
    stderr: "",
    exitCode: 0,
  });
  expect(existsSync(root)).toBe(false);
});

test("says what went and what is left, and leaves what was used today", async () => {
  await using dir = tempDir("prune");
  const nowSeconds = Date.now() / 1000;
  const old = putEntry(dir.path, OLD_ID, nowSeconds - DAY_SECONDS);
  const fresh = putEntry(dir.path, NEW_ID, nowSeconds);
  const outcome = await prune(dir.path, "--max-size=1");
  expect(outcome).toEqual({
    stdout: `${dir.path}: removed 1 outputs of 5 B, 5 B left\n`,
    stderr: "",
    exitCode: 0,
  });
  expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
});
