import { expect, test } from "bun:test";
import { existsSync, utimesSync } from "node:fs";
import { prune } from "../../src/buildcache/prune.ts";
import { LocalDir } from "../../src/store/local/local-dir.ts";
import { filesBelow } from "../support/file-tree.ts";
import { sha256Hex } from "../support/ids.ts";
import { tempDir } from "../support/temp-dir.ts";
import { age, EMPTY, HOUR_MS, writeAged } from "./local-fixture.ts";
import { BLOCK, idOf, NO_LIMITS, namesLeft, pruneDir, writeEntries } from "./prune-fixture.ts";

test("without limits no file is removed, even old ones", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 10_000, bb: 1 });
  expect(pruneDir(dir, {})).toEqual({ removedFiles: 0, removedBytes: 0, keptBytes: 4 * BLOCK });
  expect(namesLeft(dir)).toEqual(["a aa", "a bb", "o aa", "o bb"]);
});

test("expired records and outputs are evicted", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 49, bb: 47, cc: 200 });
  expect(pruneDir(dir, { expiryMs: 48 * HOUR_MS })).toEqual({
    removedFiles: 4,
    removedBytes: 4 * BLOCK,
    keptBytes: 2 * BLOCK,
  });
  expect(namesLeft(dir)).toEqual(["a bb", "o bb"]);
});

test("the last use counts, not the put", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 200 });
  for (const kind of ["action", "output"]) age(new LocalDir(dir.path).path(kind, idOf("aa")), HOUR_MS);
  pruneDir(dir, { expiryMs: 48 * HOUR_MS });
  expect(namesLeft(dir)).toEqual(["a aa", "o aa"]);
});

test("above the size limit the least recently used files are evicted until the rest fits", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 10, bb: 30, cc: 20, dd: 40 });
  expect(pruneDir(dir, { maxSizeBytes: 4 * BLOCK })).toEqual({
    removedFiles: 4,
    removedBytes: 4 * BLOCK,
    keptBytes: 4 * BLOCK,
  });
  expect(namesLeft(dir)).toEqual(["a aa", "a cc", "o aa", "o cc"]);
});

test("at the size limit no file is evicted; above it the record goes first, then its output", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 10, bb: 30 });
  expect(pruneDir(dir, { maxSizeBytes: 4 * BLOCK }).removedFiles).toBe(0);
  expect(pruneDir(dir, { maxSizeBytes: 4 * BLOCK - 1 }).removedFiles).toBe(1);
  expect(namesLeft(dir)).toEqual(["a aa", "o aa", "o bb"]);
  expect(pruneDir(dir, { maxSizeBytes: 3 * BLOCK - 1 }).removedFiles).toBe(1);
  expect(namesLeft(dir)).toEqual(["a aa", "o aa"]);
});

test.each([{ expiryMs: 1 }, { maxSizeBytes: 1 }, { expiryMs: 1, maxSizeBytes: 1 }])(
  "files used within six hours stay, whatever the limits: %o",
  (limits) => {
    using dir = tempDir("prune");
    writeEntries(dir, { aa: 0, bb: 5.9, cc: 6.1 });
    pruneDir(dir, limits);
    expect(namesLeft(dir)).toEqual(["a aa", "a bb", "o aa", "o bb"]);
  },
);

test("an output with a future use time stays", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: -100 });
  pruneDir(dir, { expiryMs: 1, maxSizeBytes: 1 });
  expect(namesLeft(dir)).toEqual(["a aa", "o aa"]);
});

test("an expired record is evicted even if its output is in use", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeEntries(dir, { aa: 1 });
  writeAged(local.path("action", idOf("bb")), `${idOf("aa")} 1000\n`, 49 * HOUR_MS);
  writeAged(local.path("action", idOf("cc")), `${idOf("aa")} 1000\n`, 47 * HOUR_MS);
  pruneDir(dir, { expiryMs: 48 * HOUR_MS });
  expect(namesLeft(dir)).toEqual(["a aa", "a cc", "o aa"]);
});

test("a record's last use counts, not its put", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 1 });
  const used = Date.now() / 1000 - 3_600;
  utimesSync(new LocalDir(dir.path).path("action", idOf("aa")), used, used - 1_000_000);
  pruneDir(dir, { expiryMs: 48 * HOUR_MS });
  expect(namesLeft(dir)).toEqual(["a aa", "o aa"]);
});

test("records count towards the size limit even if their output is in use", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeAged(local.path("output", EMPTY), "", HOUR_MS);
  for (let n = 0; n < 100; n++)
    writeAged(local.path("action", sha256Hex(`${n}`)), `${EMPTY} 0\n`, (100 - n) * 24 * HOUR_MS);
  expect(pruneDir(dir, { maxSizeBytes: 10 * BLOCK })).toEqual({
    removedFiles: 90,
    removedBytes: 90 * BLOCK,
    keptBytes: 10 * BLOCK,
  });
  const newest = Array.from({ length: 10 }, (_, n) => sha256Hex(`${90 + n}`));
  expect(newest.filter((id) => existsSync(local.path("action", id)))).toEqual(newest);
});

test("other files count towards the size limit, and their directories can be evicted", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 10, bb: 30 });
  const removed: string[] = [];
  const evictable = (name: string, hours: number) => ({
    usedMs: Date.now() - hours * HOUR_MS,
    bytes: BLOCK,
    remove: () => removed.push(name) > 0,
  });
  const others = { fixedBytes: BLOCK, evictable: [evictable("old", 40), evictable("new", 20)] };
  const report = prune(
    new LocalDir(dir.path),
    { expiryMs: HOUR_MS * 35, maxSizeBytes: 6 * BLOCK },
    { others },
  );
  expect([report, removed]).toEqual([
    { removedFiles: 1, removedBytes: BLOCK, keptBytes: 6 * BLOCK },
    ["old"],
  ]);
});

test("an output without a record is evicted like any other", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeAged(local.path("output", idOf("aa")), "x", 100 * HOUR_MS);
  writeAged(local.path("output", idOf("bb")), "x", HOUR_MS);
  pruneDir(dir, { expiryMs: 48 * HOUR_MS });
  expect(namesLeft(dir)).toEqual(["o bb"]);
});

test("abandoned temporary files are removed after six hours", () => {
  using dir = tempDir("prune");
  writeAged(dir.join("tmp", "1-x-1"), "x", 7 * HOUR_MS);
  writeAged(dir.join("tmp", "1-x-2"), "x", 5 * HOUR_MS);
  pruneDir(dir, {});
  expect(filesBelow(dir.path)).toEqual(["tmp/1-x-2"]);
});

test("the given time counts as now", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 1 });
  prune(new LocalDir(dir.path), { ...NO_LIMITS, expiryMs: HOUR_MS }, { nowMs: Date.now() + 10 * HOUR_MS });
  expect(namesLeft(dir)).toEqual([]);
});

test("a missing directory is empty", () => {
  using dir = tempDir("prune");
  const report = prune(new LocalDir(dir.join("none")), { expiryMs: 1, maxSizeBytes: 1 });
  expect([report, filesBelow(dir.path)]).toEqual([{ removedFiles: 0, removedBytes: 0, keptBytes: 0 }, []]);
});

test.each(["module", "module-meta", "revproxy", "revproxy-meta"])(
  "files of %s count and are evicted like outputs",
  (kind) => {
    using dir = tempDir("prune");
    const path = new LocalDir(dir.path).path(kind, idOf("aa"));
    writeAged(path, "x".repeat(1_000), 30 * HOUR_MS);
    writeEntries(dir, { bb: 20 });
    expect(pruneDir(dir, { maxSizeBytes: 3 * BLOCK }).removedBytes).toBe(0);
    expect(pruneDir(dir, { maxSizeBytes: 3 * BLOCK - 1 }).removedBytes).toBe(BLOCK);
    expect(filesBelow(dir.path).some((name) => name.startsWith(`${kind}/`))).toBe(false);
  },
);
