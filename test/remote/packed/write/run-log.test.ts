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

function placed(text: string, packByte = "0a", offset = 0): PackedEntry {
  const pack = { id: packByte.repeat(32), sizeBytes: 100, prefix: "ci" };
  return { ...entryOf(text), place: { pack, offset, length: 10 } };
}

const RUN: LoggedRun = { key: "ci/packed/v1/run/x", version: 3, due: 2, entries: [placed("b"), placed("a")] };

const NEVER_STORED = { stored: 0, storedMs: 0 };

async function save(log: RunLog, run: LoggedRun = RUN): Promise<void> {
  await log.update(() => run);
}

const logPath = (dir: TempDir) =>
  dir.join(filesBelow(dir.path).find((name) => name.endsWith(".json.zst")) ?? "");

test("what one session saves the next of that run loads, in order", async () => {
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

test("the version that the bucket has counts for the same key only", async () => {
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

test("many changes at once are all in the log", async () => {
  using dir = tempDir("run-log");
  const names = Array.from({ length: 20 }, (_, n) => `${n}`);
  const add = (name: string) =>
    new RunLog(dir.path, "77").update((before = { ...RUN, entries: [], ...NEVER_STORED }) => ({
      ...before,
      entries: [...before.entries, placed(name)],
    }));
  await Promise.all(names.map(add));
  const { entries = [] } = new RunLog(dir.path, "77").load() ?? {};
  expect(new Set(entries)).toEqual(new Set(names.map((name) => placed(name))));
});

test("two runs at once do not touch each other's logs", async () => {
  using dir = tempDir("run-log");
  const [one, other] = [new RunLog(dir.path, "77"), new RunLog(dir.path, "78")];
  await save(one);
  expect(other.load()).toBeUndefined();
  await save(other, { ...RUN, key: "other" });
  expect([one.load()?.key, other.load()?.key]).toEqual([RUN.key, "other"]);
});

test("eight logs of a job are kept, those that were changed last", async () => {
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

describe("counts as none, and is written over:", () => {
  const damages: [string, (path: string) => void | Promise<void>][] = [
    ["a log that was cut off", (path) => truncateSync(path, 50)],
    ["an empty log", (path) => writeFileSync(path, "")],
    ["no log", (path) => writeFileSync(path, "hello")],
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

testOnPosix("a disk that takes no log says so, and nothing half written stays", async () => {
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

  test("keeps what was known, and its order, and adds what is not", () => {
    expect(mergeEntries([placed("b"), placed("a")], [placed("a"), placed("c")], isTrusted)).toEqual({
      entries: [placed("b"), placed("a"), placed("c")],
      isChanged: true,
    });
  });

  test("of what is known already changes nothing, wherever in its pack it lies", () => {
    const known = [placed("a"), entryOf("")];
    expect(mergeEntries(known, [placed("a", "0a", 20), entryOf("")], () => false)).toEqual({
      entries: known,
      isChanged: false,
    });
    expect(mergeEntries(known, [], isTrusted)).toEqual({ entries: known, isChanged: false });
  });

  test("takes the new output of an action", () => {
    const again = { ...placed("other"), actionId: placed("b").actionId };
    expect(mergeEntries([placed("a"), placed("b")], [again], isTrusted)).toEqual({
      entries: [placed("a"), again],
      isChanged: true,
    });
  });

  test("keeps the place of an output, where a session that ended later may not know of it", () => {
    const repacked = [placed("a", "0c"), placed("b", "0c", 10)];
    expect(mergeEntries(repacked, [placed("a"), placed("b", "0b")], isTrusted)).toEqual({
      entries: repacked,
      isChanged: false,
    });
  });

  test("takes the new place where the old one can't be trusted any more", () => {
    const moved = placed("a", "0b");
    const isGood = (place: PackedEntry["place"]) => place?.pack.id !== placed("a").place?.pack.id;
    expect(mergeEntries([placed("a"), placed("b", "0c")], [moved], isGood)).toEqual({
      entries: [moved, placed("b", "0c")],
      isChanged: true,
    });
  });
});

test("moved entries take the new place of the same output only", () => {
  const again = { ...placed("other", "0c"), actionId: placed("b").actionId };
  expect(movedEntries([placed("a"), placed("b")], [again, placed("a", "0c"), placed("c", "0c")])).toEqual([
    placed("a", "0c"),
    placed("b"),
  ]);
});
