import { describe, expect, test } from "bun:test";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import type { Entry } from "../../../src/remote/packed/entry.ts";
import { mergeEntries, RunLog, type RunLogState } from "../../../src/remote/packed/run-log.ts";
import { formatRunRecord } from "../../../src/remote/packed/run-record.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { rejection } from "../../support/rejection.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { entryOf } from "./stocked-bucket.ts";

function placed(text: string, packByte = "0a", offset = 0): Entry {
  const pack = { id: packByte.repeat(32), sizeBytes: 100, prefix: "ci" };
  return { ...entryOf(text), place: { pack, offset, length: 10 } };
}

const STATE: RunLogState = {
  key: "ci/packed/v1/run/x",
  version: 3,
  stored: 2,
  storedMs: 1_700_000_000_000,
  entries: [placed("b"), placed("a")],
};

test("what one session saves the next of that run loads, in order", async () => {
  using dir = tempDir("run-log");
  const log = new RunLog(dir.join("scope"), "77");
  expect(log.load()).toBeUndefined();
  await log.save(STATE);
  expect(new RunLog(dir.join("scope"), "77").load()).toEqual(STATE);
  await log.save({ ...STATE, version: 4, entries: [] });
  expect([log.load(), filesBelow(dir.path)]).toEqual([
    { ...STATE, version: 4, entries: [] },
    ["scope/run.json.zst"],
  ]);
});

test("the log of another run is none", async () => {
  using dir = tempDir("run-log");
  await new RunLog(dir.path, "77").save(STATE);
  expect(new RunLog(dir.path, "78").load()).toBeUndefined();
});

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
  ];
  test.each(damages)("%s", async (_, damage) => {
    using dir = tempDir("run-log");
    const log = new RunLog(dir.path, "77");
    await log.save(STATE);
    await damage(dir.join("run.json.zst"));
    expect(log.load()).toBeUndefined();
    await log.save(STATE);
    expect(log.load()).toEqual(STATE);
  });
});

test("a disk that takes no log says so, and nothing half written stays", async () => {
  using dir = tempDir("run-log");
  writeFileSync(dir.join("file"), "");
  const below = new RunLog(dir.join("file", "scope"), "77");
  expect(await rejection(below.save(STATE))).toMatchObject({ code: "ENOTDIR" });
  mkdirSync(dir.join("scope", "run.json.zst"), { recursive: true });
  const inTheWay = new RunLog(dir.join("scope"), "77");
  expect(await rejection(inTheWay.save(STATE))).toMatchObject({ code: "EISDIR" });
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
    const isGood = (place: Entry["place"]) => place?.pack.id !== placed("a").place?.pack.id;
    expect(mergeEntries([placed("a"), placed("b", "0c")], [moved], isGood)).toEqual({
      entries: [moved, placed("b", "0c")],
      isChanged: true,
    });
  });
});
