import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EMPTY } from "../../buildcache/local-fixture.ts";
import { binaryPath } from "../../support/binary.ts";
import { plainEnv, run } from "../../support/process.ts";
import { tempDir } from "../../support/temp-dir.ts";

const OLD_ID = "0a".repeat(32);
const NEW_ID = "0b".repeat(32);
const DAY_SECONDS = 86_400;

function prune(cacheDir: string, ...flags: string[]) {
  return run([binaryPath(), "prune", `--cache-dir=${cacheDir}`, ...flags], { env: plainEnv() });
}

function putEntry(cacheDir: string, id: string, usedSeconds: number): string {
  for (const kind of ["action", "output"])
    mkdirSync(join(cacheDir, kind, id.slice(0, 2)), { recursive: true });
  const record = join(cacheDir, "action", id.slice(0, 2), id);
  writeFileSync(record, `${id} 5\n`);
  const output = join(cacheDir, "output", id.slice(0, 2), id);
  writeFileSync(output, "hello");
  for (const path of [record, output]) utimesSync(path, usedSeconds, usedSeconds);
  return output;
}

test("names a directory that is not writable, exit code 1", async () => {
  await using dir = tempDir("prune");
  writeFileSync(dir.join("state"), "");
  const outcome = await prune(dir.path);
  expect(outcome).toEqual({
    stdout: "",
    stderr: `go-cache-plugin: ${dir.path} can't be written, or another process is pruning it\n`,
    exitCode: 1,
  });
});

test("does not create a missing directory", async () => {
  await using dir = tempDir("prune");
  const root = dir.join("absent");
  const outcome = await prune(root);
  expect(outcome).toEqual({
    stdout: `${root}: removed 0 files of 0 B, 0 B left\n`,
    stderr: "",
    exitCode: 0,
  });
  expect(existsSync(root)).toBe(false);
});

test("prints what was removed and what is left, and keeps entries used today", async () => {
  await using dir = tempDir("prune");
  const nowSeconds = Date.now() / 1000;
  const old = putEntry(dir.path, OLD_ID, nowSeconds - DAY_SECONDS);
  const fresh = putEntry(dir.path, NEW_ID, nowSeconds);
  const outcome = await prune(dir.path, "--max-size=1");
  expect(outcome).toEqual({
    stdout: `${dir.path}: removed 2 files of 8.0 KiB, 8.0 KiB left\n`,
    stderr: "",
    exitCode: 0,
  });
  expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
});

test("unused records of the empty output are removed, though other records use that output", async () => {
  await using dir = tempDir("prune");
  const nowSeconds = Date.now() / 1000;
  const empty = dir.join("output", EMPTY.slice(0, 2), EMPTY);
  mkdirSync(dirname(empty), { recursive: true });
  writeFileSync(empty, "");
  for (let n = 0; n < 200; n++) {
    const record = dir.join("action", "00", n.toString(16).padStart(64, "0"));
    mkdirSync(dirname(record), { recursive: true });
    writeFileSync(record, `${EMPTY} 0\n`);
    const usedSeconds = nowSeconds - (n === 0 ? 0 : 730 * DAY_SECONDS);
    utimesSync(record, usedSeconds, usedSeconds);
  }
  await prune(dir.path, "--expiry=48h", "--max-size=1");
  expect([readdirSync(dir.join("action", "00")).length, existsSync(empty)]).toEqual([1, true]);
});
