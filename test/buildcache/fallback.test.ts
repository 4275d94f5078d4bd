/** Entries that are partly or completely in the fallback directory. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { LocalDir } from "../../src/store/local/local-dir.ts";
import { filesBelow } from "../support/file-tree.ts";
import { FullDisk, immutable } from "../support/full-disk.ts";
import { testOnLinux } from "../support/platform.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ACTION, HELLO, openLocal, putOutput, TestFallback, writeEntry } from "./local-fixture.ts";

test("if the cache directory can't be written, output and record are in the fallback", () => {
  using dir = tempDir("fallback");
  writeFileSync(dir.join("file"), "");
  const fallback = new TestFallback(dir.join("fallback"));
  const { local } = openLocal(dir.join("file", "cache"), { fallback });
  const path = putOutput(local, HELLO, "hello");
  local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 }, 1_700_000_000_000);
  expect(local.get(ACTION)).toEqual({
    actionId: ACTION,
    outputId: HELLO,
    sizeBytes: 5,
    putTimeMs: 1_700_000_000_000,
    path,
  });
  expect(local.findOutput(HELLO)).toEqual({ path, sizeBytes: 5 });
});

testOnLinux("a record in the cache directory with its output in the fallback is a hit", () => {
  using dir = tempDir("fallback");
  mkdirSync(dir.join("cache", "output"), { recursive: true });
  const { local } = openLocal(dir.join("cache"), { fallback: new TestFallback(dir.join("fallback")) });
  using _closed = immutable(dir.join("cache", "output"));
  const path = putOutput(local, HELLO, "hello");
  local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 });
  expect(local.get(ACTION)).toMatchObject({ path });
  expect(filesBelow(dir.path)).toEqual([`cache/action/00/${ACTION}`, `fallback/output/2c/${HELLO}`]);
});

testOnLinux("a record in the fallback with its output in the cache directory is a hit", () => {
  using dir = tempDir("fallback");
  mkdirSync(dir.join("cache", "action"), { recursive: true });
  const { local, writeErrors } = openLocal(dir.join("cache"), {
    fallback: new TestFallback(dir.join("fallback")),
  });
  using _closed = immutable(dir.join("cache", "action"));
  const path = putOutput(local, HELLO, "hello");
  local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 });
  expect(local.get(ACTION)).toMatchObject({ path });
  expect({ writeErrors, files: filesBelow(dir.path) }).toEqual({
    writeErrors: ["EPERM"],
    files: [`cache/output/2c/${HELLO}`, `fallback/action/00/${ACTION}`],
  });
});

test("the fallback of an earlier failure is read without a new failure", () => {
  using dir = tempDir("fallback");
  const fallback = new TestFallback(dir.join("fallback"));
  writeEntry(new LocalDir(dir.join("fallback")), { actionId: ACTION, outputId: HELLO, body: "hello" });
  const { local } = openLocal(dir.join("cache"), { fallback });
  expect(local.get(ACTION)).toBeUndefined();
  fallback.writable();
  expect(local.get(ACTION)).toMatchObject({ path: dir.join("fallback", "output", "2c", HELLO) });
});

testOnLinux("without a fallback, a failed record write throws and leaves no file", () => {
  using disk = new FullDisk(64 * 1024);
  writeFileSync(disk.join("ballast"), Buffer.alloc(64 * 1024));
  const { local, writeErrors } = openLocal(disk.join("cache"));
  expect(() => local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 })).toThrow("ENOSPC");
  expect({ writeErrors, left: filesBelow(disk.path) }).toEqual({
    writeErrors: ["ENOSPC"],
    left: ["ballast"],
  });
});
