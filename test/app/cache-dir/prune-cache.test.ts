import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { bytesAfterLastPrune, isPruneDue, pruneNow } from "../../../src/app/cache-dir/prune-cache.ts";
import { prunedActions } from "../../../src/app/cache-dir/pruned-actions.ts";
import { HOUR_MS, writeAged } from "../../buildcache/local-fixture.ts";
import { BLOCK, idOf, NO_LIMITS, namesLeft, writeEntries } from "../../buildcache/prune-fixture.ts";
import { FullDisk, immutable } from "../../support/full-disk.ts";
import { testOnLinux } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const LIMITS = { ...NO_LIMITS, expiryMs: 48 * HOUR_MS };

test("prunes, and remembers what was left", () => {
  using dir = tempDir("prune-cache");
  writeEntries(dir, { aa: 100, bb: 1 });
  expect(pruneNow(dir.path, LIMITS)).toEqual({
    removedFiles: 2,
    removedBytes: 2 * BLOCK,
    keptBytes: 2 * BLOCK,
  });
  expect(readFileSync(dir.join("state", "prune.json"), "utf8")).toBe('{"keptBytes":8192}\n');
  expect([bytesAfterLastPrune(dir.path), existsSync(dir.join("state", "prune.lock"))]).toEqual([
    2 * BLOCK,
    false,
  ]);
});

test("reports its progress", () => {
  using dir = tempDir("prune-cache");
  writeEntries(dir, { aa: 100, bb: 1 });
  const stages: unknown[] = [];
  pruneNow(dir.path, LIMITS, ({ stage, done, total }) => stages.push([stage, done, total]));
  expect(stages).toEqual([
    ["looking at files", 1, undefined],
    ["looking at files", 2, undefined],
    ["looking at files", 3, undefined],
    ["looking at files", 4, undefined],
    ["pruning", 0, 4],
    ["pruning", 1, 4],
    ["pruning", 2, 4],
    ["pruning", 3, 4],
  ]);
});

test.each([
  [0.9, false],
  [1.1, true],
  [-0.9, false],
  [-1.1, true],
])("after a pruning %p hours ago the next is due: %p", (hours, isDue) => {
  using dir = tempDir("prune-cache");
  writeAged(dir.join("state", "prune.json"), '{"keptBytes":0}\n', hours * HOUR_MS);
  expect(isPruneDue(dir.path)).toBe(isDue);
});

test("the first pruning is due, wherever the directory is", () => {
  using dir = tempDir("prune-cache");
  writeFileSync(dir.join("file"), "");
  const roots = [dir.path, dir.join("none"), dir.join("file", "cache")];
  expect(roots.map((root) => isPruneDue(root))).toEqual([true, true, true]);
});

test.each(["", "null", "{}", "{", '{"keptBytes":"x"}', "5"])("a stamp of %j knows of no bytes", (text) => {
  using dir = tempDir("prune-cache");
  writeAged(dir.join("state", "prune.json"), text);
  expect(bytesAfterLastPrune(dir.path)).toBe(0);
});

test("does nothing while another process prunes", () => {
  using dir = tempDir("prune-cache");
  writeEntries(dir, { aa: 100 });
  writeAged(dir.join("state", "prune.lock"), "1\n", 0.9 * HOUR_MS);
  expect(pruneNow(dir.path, LIMITS)).toBeUndefined();
  expect(namesLeft(dir)).toEqual(["a aa", "o aa", "s prune.lock"]);
});

test("takes over from a process that must be dead", () => {
  using dir = tempDir("prune-cache");
  writeEntries(dir, { aa: 100 });
  writeAged(dir.join("state", "prune.lock"), "1\n", 1.1 * HOUR_MS);
  expect(pruneNow(dir.path, LIMITS)?.removedFiles).toBe(2);
  expect(namesLeft(dir)).toEqual(["s prune.json", "s pruned"]);
  expect(prunedActions(dir.path)(idOf("aa"))).toBe(true);
});

testOnLinux("does nothing where nothing can be written", () => {
  using dir = tempDir("prune-cache");
  using _closed = immutable(dir.path);
  expect(pruneNow(dir.path, LIMITS)).toBeUndefined();
});

test("a directory that is not there is empty, and not made", () => {
  using dir = tempDir("prune-cache");
  writeFileSync(dir.join("file"), "");
  const roots = [dir.join("none"), dir.join("file", "cache")];
  const empty = { removedFiles: 0, removedBytes: 0, keptBytes: 0 };
  expect(roots.map((root) => pruneNow(root, LIMITS))).toEqual([empty, empty]);
  expect(existsSync(dir.join("none"))).toBe(false);
});

test("prunes as well when the stamp can't be written", () => {
  using dir = tempDir("prune-cache");
  writeEntries(dir, { aa: 100 });
  mkdirSync(dir.join("state", "prune.json"), { recursive: true });
  expect(pruneNow(dir.path, LIMITS)?.removedFiles).toBe(2);
  expect(existsSync(dir.join("state", "prune.lock"))).toBe(false);
});

testOnLinux("a disk that is full is pruned too", () => {
  using disk = new FullDisk(256 * 1024);
  writeAged(disk.join("output", "aa", idOf("aa")), "x".repeat(100_000), 100 * HOUR_MS);
  mkdirSync(disk.join("state"));
  mkdirSync(disk.join("tmp"));
  for (let n = 0, isFull = false; !isFull; n++) {
    try {
      writeFileSync(disk.join("state", `ballast-${n}`), Buffer.alloc(4_096));
    } catch {
      isFull = true;
    }
  }
  pruneNow(disk.path, LIMITS);
  expect(existsSync(disk.join("output", "aa", idOf("aa")))).toBe(false);
});
