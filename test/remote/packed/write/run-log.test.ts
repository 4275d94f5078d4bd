import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { formatRunRecord } from "../../../../src/remote/packed/format/run-record.ts";
import {
  type LoggedRun,
  mergeEntries,
  movedEntries,
  RunLog,
} from "../../../../src/remote/packed/write/run-log.ts";
import { age } from "../../../buildcache/local-fixture.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { testOnPosix } from "../../../support/platform.ts";
import { rejection } from "../../../support/rejection.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { entryOf } from "../stocked-bucket.ts";

function entryAt(text: string, packByte = "0a", offset = 0): PackedEntry {
  const pack = { id: packByte.repeat(32), sizeBytes: 100, prefix: "ci" };
  return { ...entryOf(text), place: { pack, offset, length: 10 } };
}

const RUN: LoggedRun = {
  key: "ci/packed/v1/run/x",
  version: 3,
  due: 2,
  entries: [entryAt("b"), entryAt("a")],
};

const NEVER_STORED = { stored: 0, storedMs: 0 };

async function save(log: RunLog, run: LoggedRun = RUN): Promise<void> {
  await log.update(() => run);
}

const logPath = (dir: TempDir) =>
  dir.join(filesBelow(dir.path).find((name) => name.endsWith(".json.zst")) ?? "");

test("the next session of a run loads the saved log, in order", async () => {
  using dir = tempDir("run-log");
  const log = new RunLog(dir.join("scope"), "77");
  expect(log.load()).toBeUndefined();
  await save(log);
  expect(new RunLog(dir.join("scope"), "77").load()).toEqual({ ...RUN, ...NEVER_STORED });
  await save(log, { ...RUN, version: 4, entries: [] });
  expect([log.load(), filesBelow(dir.path)]).toEqual([
    { ...RUN, ...NEVER_STORED, version: 4, entries: [] },
    [expect.stringMatching(/^scope\/run-[0-9a-f]{16}\.json\.zst$/)],
  ]);
});

test("the version in the bucket is valid for the same key only", async () => {
  using dir = tempDir("run-log");
  const log = new RunLog(dir.path, "77");
  await save(log);
  log.setStored(RUN.key, 2);
  expect(log.load()).toEqual({ ...RUN, stored: 2, storedMs: expect.any(Number) });
  await save(log, { ...RUN, key: "other" });
  expect(log.load()).toEqual({ ...RUN, key: "other", ...NEVER_STORED });
  log.setStored("other", 0);
  expect(log.load()).toMatchObject(NEVER_STORED);
});

test("the log contains all of many concurrent changes", async () => {
  using dir = tempDir("run-log");
  const names = Array.from({ length: 20 }, (_, n) => `${n}`);
  const add = (name: string) =>
    new RunLog(dir.path, "77").update((before = { ...RUN, entries: [], ...NEVER_STORED }) => ({
      ...before,
      entries: [...before.entries, entryAt(name)],
    }));
  await Promise.all(names.map(add));
  const { entries = [] } = new RunLog(dir.path, "77").load() ?? {};
  expect(new Set(entries)).toEqual(new Set(names.map((name) => entryAt(name))));
});

test("two concurrent runs have separate logs", async () => {
  using dir = tempDir("run-log");
  const [one, other] = [new RunLog(dir.path, "77"), new RunLog(dir.path, "78")];
  await save(one);
  expect(other.load()).toBeUndefined();
  await save(other, { ...RUN, key: "other" });
  expect([one.load()?.key, other.load()?.key]).toEqual([RUN.key, "other"]);
});

test("the eight logs of a job that were changed last are kept", async () => {
  using dir = tempDir("run-log");
  for (let run = 0; run < 10; run++) {
    const log = new RunLog(dir.path, `${run}`);
    await save(log);
    log.setStored(RUN.key, 3);
    age(logPath(dir), 0);
    for (const name of filesBelow(dir.path)) if (name.endsWith(".zst")) ageMore(dir.join(name));
  }
  const kept = Array.from({ length: 10 }, (_, run) => new RunLog(dir.path, `${run}`).load() !== undefined);
  expect(kept).toEqual([false, false, ...Array(8).fill(true)]);
  expect(filesBelow(dir.path)).toHaveLength(16);
});

function ageMore(path: string): void {
  age(path, Date.now() - statSync(path).mtimeMs + 10_000);
}

describe("counts as absent and is replaced:", () => {
  const damages: [string, (path: string) => void | Promise<void>][] = [
    ["a truncated log", (path) => truncateSync(path, 50)],
    ["an empty log", (path) => writeFileSync(path, "")],
    ["a file that is no log", (path) => writeFileSync(path, "hello")],
    [
      "a record without a key",
      async (path) =>
        writeFileSync(path, await formatRunRecord({ kind: "run", about: { run: "77" }, entries: [] })),
    ],
    [
      "the log of another run",
      async (path) =>
        writeFileSync(
          path,
          await formatRunRecord({ kind: "run", about: { run: "78", key: "x" }, entries: [] }),
        ),
    ],
  ];
  test.each(damages)("%s", async (_, damage) => {
    using dir = tempDir("run-log");
    const log = new RunLog(dir.path, "77");
    await save(log);
    await damage(logPath(dir));
    expect(log.load()).toBeUndefined();
    await save(log);
    expect(log.load()).toEqual({ ...RUN, ...NEVER_STORED });
  });
});

testOnPosix("a disk that refuses the log is an error and leaves no partial file", async () => {
  using dir = tempDir("run-log");
  writeFileSync(dir.join("file"), "");
  const below = new RunLog(dir.join("file", "scope"), "77");
  expect(await rejection(save(below))).toMatchObject({ code: "ENOTDIR" });
  const inTheWay = new RunLog(dir.join("scope"), "77");
  await save(inTheWay);
  const path = logPath(dir);
  rmSync(path);
  mkdirSync(path);
  expect(await rejection(save(inTheWay))).toMatchObject({ code: "EISDIR" });
  expect([inTheWay.load(), filesBelow(dir.path)]).toEqual([undefined, ["file"]]);
});

describe("merging", () => {
  const isTrusted = () => true;

  test("keeps known entries in order and adds new ones", () => {
    expect(mergeEntries([entryAt("b"), entryAt("a")], [entryAt("a"), entryAt("c")], isTrusted)).toEqual({
      entries: [entryAt("b"), entryAt("a"), entryAt("c")],
      isChanged: true,
    });
  });

  test("of known entries changes nothing, even if the offsets differ", () => {
    const known = [entryAt("a"), entryOf("")];
    expect(mergeEntries(known, [entryAt("a", "0a", 20), entryOf("")], () => false)).toEqual({
      entries: known,
      isChanged: false,
    });
    expect(mergeEntries(known, [], isTrusted)).toEqual({ entries: known, isChanged: false });
  });

  test("replaces the output of an action", () => {
    const again = { ...entryAt("other"), actionId: entryAt("b").actionId };
    expect(mergeEntries([entryAt("a"), entryAt("b")], [again], isTrusted)).toEqual({
      entries: [entryAt("a"), again],
      isChanged: true,
    });
  });

  test("keeps the place of an output that a repack has moved", () => {
    const repacked = [entryAt("a", "0c"), entryAt("b", "0c", 10)];
    expect(mergeEntries(repacked, [entryAt("a"), entryAt("b", "0b")], isTrusted)).toEqual({
      entries: repacked,
      isChanged: false,
    });
  });

  test("replaces a place in a distrusted pack", () => {
    const moved = entryAt("a", "0b");
    const isGood = (place: PackedEntry["place"]) => place?.pack.id !== entryAt("a").place?.pack.id;
    expect(mergeEntries([entryAt("a"), entryAt("b", "0c")], [moved], isGood)).toEqual({
      entries: [moved, entryAt("b", "0c")],
      isChanged: true,
    });
  });
});

test("moved entries get a new place for the same output only", () => {
  const again = { ...entryAt("other", "0c"), actionId: entryAt("b").actionId };
  expect(movedEntries([entryAt("a"), entryAt("b")], [again, entryAt("a", "0c"), entryAt("c", "0c")])).toEqual(
    [entryAt("a", "0c"), entryAt("b")],
  );
});
