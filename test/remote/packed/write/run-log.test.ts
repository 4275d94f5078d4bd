import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import type { SegmentRef } from "../../../../src/remote/packed/format/run-record.ts";
import { type LoggedRun, RunLog } from "../../../../src/remote/packed/write/run-log.ts";
import { age } from "../../../buildcache/local-fixture.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { testOnPosix } from "../../../support/platform.ts";
import { rejection } from "../../../support/rejection.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { recordOf } from "../made-record.ts";

function refAt(text: string): SegmentRef {
  const used = RowSet.none(9);
  used.add(text.length);
  return { id: sha256Hex(text), rows: 9, prefix: "ci", isInline: text === "a", used };
}

const RUN: LoggedRun = {
  key: "ci/packed/v1/run/x",
  changes: 3,
  segments: [refAt("b"), refAt("a")],
};

const frameOf = (json: unknown) => compressFrame(Buffer.from(JSON.stringify(json)));

const OBJECT = "ci/packed/v1/run/x.7";
const NEVER_STORED = { stored: 0, storedMs: 0, object: undefined, headEntries: 0 };

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
  await save(log, { ...RUN, changes: 4, segments: [] });
  expect([log.load(), filesBelow(dir.path)]).toEqual([
    { ...RUN, ...NEVER_STORED, changes: 4, segments: [] },
    [expect.stringMatching(/^scope\/run-[0-9a-f]{16}\.json\.zst$/)],
  ]);
});

test("the version in the bucket is valid for the same key only", async () => {
  using dir = tempDir("run-log");
  const log = new RunLog(dir.path, "77");
  await save(log);
  log.setStored({ key: RUN.key, object: OBJECT, headEntries: 5, changes: 2 });
  expect(log.load()).toEqual({
    ...RUN,
    stored: 2,
    storedMs: expect.any(Number),
    object: OBJECT,
    headEntries: 5,
  });
  await save(log, { ...RUN, key: "other" });
  expect(log.load()).toEqual({ ...RUN, key: "other", ...NEVER_STORED });
  log.setStored({ key: "other", object: "other", headEntries: 0, changes: 0 });
  expect(log.load()).toMatchObject({ stored: 0, storedMs: 0, object: "other" });
});

test("the log contains all of many concurrent changes", async () => {
  using dir = tempDir("run-log");
  const names = Array.from({ length: 20 }, (_, n) => `${n}`);
  const add = (name: string) =>
    new RunLog(dir.path, "77").update((before = { ...RUN, segments: [], ...NEVER_STORED }) => ({
      ...before,
      segments: [...before.segments, refAt(name)],
    }));
  await Promise.all(names.map(add));
  const { segments = [] } = new RunLog(dir.path, "77").load() ?? {};
  expect(new Set(segments.map(({ id }) => id))).toEqual(new Set(names.map((name) => refAt(name).id)));
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
    log.setStored({ key: RUN.key, object: OBJECT, headEntries: 0, changes: 3 });
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
      async (path) => writeFileSync(path, await recordOf([], { about: { run: "77" } })),
    ],
    [
      "the log of another run",
      async (path) =>
        writeFileSync(path, frameOf({ version: 2, run: "78", key: "x", changes: 1, segments: [] })),
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

test("a log that nothing has changed for a day is not continued: gc may have removed what it names", async () => {
  using dir = tempDir("run-log");
  const log = new RunLog(dir.path, "77");
  await save(log);
  age(logPath(dir), 24 * 3_600_000 + 1_000);
  expect(log.load()).toBeUndefined();
});
