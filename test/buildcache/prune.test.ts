import { expect, test } from "bun:test";
import { prune } from "../../src/buildcache/prune.ts";
import { LocalDir } from "../../src/store/local-dir.ts";
import { filesBelow } from "../support/file-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { age, HOUR_MS, writeAged } from "./local-fixture.ts";
import { idOf, NO_LIMITS, namesLeft, pruneDir, writeEntries } from "./prune-fixture.ts";

test("without limits nothing is removed, however old", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 10_000, bb: 1 });
  expect(pruneDir(dir, {})).toEqual({ removedOutputs: 0, removedBytes: 0, keptBytes: 2_000 });
  expect(namesLeft(dir)).toEqual(["a aa", "a bb", "o aa", "o bb"]);
});

test("what was not used for the expiry goes, record and output", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 49, bb: 47, cc: 200 });
  expect(pruneDir(dir, { expiryMs: 48 * HOUR_MS })).toEqual({
    removedOutputs: 2,
    removedBytes: 2_000,
    keptBytes: 1_000,
  });
  expect(namesLeft(dir)).toEqual(["a bb", "o bb"]);
});

test("use counts, not when it was put", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 200 });
  age(new LocalDir(dir.path).path("output", idOf("aa")), HOUR_MS);
  pruneDir(dir, { expiryMs: 48 * HOUR_MS });
  expect(namesLeft(dir)).toEqual(["a aa", "o aa"]);
});

test("above the size limit the least recently used go until the rest fits", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 10, bb: 30, cc: 20, dd: 40 });
  expect(pruneDir(dir, { maxSizeBytes: 2_000 })).toEqual({
    removedOutputs: 2,
    removedBytes: 2_000,
    keptBytes: 2_000,
  });
  expect(namesLeft(dir)).toEqual(["a aa", "a cc", "o aa", "o cc"]);
});

test("at the size limit nothing is removed, one byte above it one output", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 10, bb: 30 });
  expect(pruneDir(dir, { maxSizeBytes: 2_000 }).removedOutputs).toBe(0);
  expect(pruneDir(dir, { maxSizeBytes: 1_999 }).removedOutputs).toBe(1);
  expect(namesLeft(dir)).toEqual(["a aa", "o aa"]);
});

test.each([{ expiryMs: 1 }, { maxSizeBytes: 1 }, { expiryMs: 1, maxSizeBytes: 1 }])(
  "nothing used within six hours is removed, whatever the limits say: %o",
  (limits) => {
    using dir = tempDir("prune");
    writeEntries(dir, { aa: 0, bb: 5.9, cc: 6.1 });
    pruneDir(dir, limits);
    expect(namesLeft(dir)).toEqual(["a aa", "a bb", "o aa", "o bb"]);
  },
);

test("an output of the future is kept", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: -100 });
  pruneDir(dir, { expiryMs: 1, maxSizeBytes: 1 });
  expect(namesLeft(dir)).toEqual(["a aa", "o aa"]);
});

test("all records of an output go with it", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeEntries(dir, { aa: 100 });
  writeAged(local.path("action", idOf("bb")), `${idOf("aa")} 1000\n`, HOUR_MS);
  pruneDir(dir, { expiryMs: HOUR_MS });
  expect(namesLeft(dir)).toEqual([]);
});

test("a record without its output goes after six hours", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeAged(local.path("action", idOf("aa")), `${idOf("ee")} 5\n`, 7 * HOUR_MS);
  writeAged(local.path("action", idOf("bb")), `${idOf("ee")} 5\n`, 5 * HOUR_MS);
  pruneDir(dir, {});
  expect(namesLeft(dir)).toEqual(["a bb"]);
});

test("an output without a record goes like any other", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeAged(local.path("output", idOf("aa")), "x", 100 * HOUR_MS);
  writeAged(local.path("output", idOf("bb")), "x", HOUR_MS);
  pruneDir(dir, { expiryMs: 48 * HOUR_MS });
  expect(namesLeft(dir)).toEqual(["o bb"]);
});

test("files that somebody forgot while writing them go after six hours", () => {
  using dir = tempDir("prune");
  writeAged(dir.join("tmp", "1-x-1"), "x", 7 * HOUR_MS);
  writeAged(dir.join("tmp", "1-x-2"), "x", 5 * HOUR_MS);
  pruneDir(dir, {});
  expect(filesBelow(dir.path)).toEqual(["tmp/1-x-2"]);
});

test("the time is the one given", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 1 });
  prune(new LocalDir(dir.path), { ...NO_LIMITS, expiryMs: HOUR_MS }, { nowMs: Date.now() + 10 * HOUR_MS });
  expect(namesLeft(dir)).toEqual([]);
});

test("a directory that is not there is empty", () => {
  using dir = tempDir("prune");
  const report = prune(new LocalDir(dir.join("none")), { expiryMs: 1, maxSizeBytes: 1 });
  expect([report, filesBelow(dir.path)]).toEqual([{ removedOutputs: 0, removedBytes: 0, keptBytes: 0 }, []]);
});

test.each(["module", "module-meta", "revproxy", "revproxy-meta"])(
  "files of %s count and go like outputs",
  (kind) => {
    using dir = tempDir("prune");
    const path = new LocalDir(dir.path).path(kind, idOf("aa"));
    writeAged(path, "x".repeat(1_000), 30 * HOUR_MS);
    writeEntries(dir, { bb: 20 });
    expect(pruneDir(dir, { maxSizeBytes: 2_000 }).removedBytes).toBe(0);
    expect(pruneDir(dir, { maxSizeBytes: 1_999 }).removedBytes).toBe(1_000);
    expect(filesBelow(dir.path).some((name) => name.startsWith(`${kind}/`))).toBe(false);
  },
);
