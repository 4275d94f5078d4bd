import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { compareUtf8 } from "../../../../src/lib/text/compare-utf8.ts";
import { SegmentFiles } from "../../../../src/remote/packed/index/segment-files.ts";
import { age } from "../../../buildcache/local-fixture.ts";
import { testOnPosix } from "../../../support/platform.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { segmentOf } from "../made-record.ts";
import { entryOf } from "../stocked-bucket.ts";

const ENTRY = entryOf("");
const { segment: SEGMENT, bytes: BYTES } = segmentOf([ENTRY]);
const DAY_MS = 24 * 3_600_000;

describe("a segment is not here", () => {
  test("before it was saved, and after it was removed", () => {
    using dir = tempDir("segments");
    const files = new SegmentFiles(dir.join("segments"), () => true);
    expect([files.open(SEGMENT.id), files.read(SEGMENT.id)]).toEqual([undefined, undefined]);
    files.save(SEGMENT.id, BYTES);
    files.remove(SEGMENT.id);
    expect([files.open(SEGMENT.id), readdirSync(dir.join("segments"))]).toEqual([undefined, []]);
  });

  test.each([
    ["empty", (path: string) => truncateSync(path, 0)],
    ["cut off", (path: string) => truncateSync(path, BYTES.length - 1)],
    ["overwritten", (path: string) => writeFileSync(path, "x".repeat(BYTES.length))],
  ])("if its file is %s, which goes then", (_, damage) => {
    using dir = tempDir("segments");
    new SegmentFiles(dir.path, () => true).save(SEGMENT.id, BYTES);
    damage(dir.join(SEGMENT.id));
    expect(new SegmentFiles(dir.path, () => true).open(SEGMENT.id)).toBeUndefined();
    expect(existsSync(dir.join(SEGMENT.id))).toBe(false);
  });

  test("to be published if one of its bytes has changed, although it opens", () => {
    using dir = tempDir("segments");
    const files = new SegmentFiles(dir.path, () => true);
    const changed = Buffer.from(BYTES);
    changed[30] = (changed[30] ?? 0) ^ 1;
    writeFileSync(dir.join(SEGMENT.id), changed);
    expect(files.read(SEGMENT.id)).toBeUndefined();
    expect(existsSync(dir.join(SEGMENT.id))).toBe(false);
  });
});

test("another process finds what one has saved, and looks entries up in the file", () => {
  using dir = tempDir("segments");
  new SegmentFiles(dir.path, () => true).save(SEGMENT.id, BYTES);
  const files = new SegmentFiles(dir.path, () => true);
  const segment = files.open(SEGMENT.id);
  expect(segment?.entry(segment.findAction(ENTRY.actionId) ?? -1)).toEqual(ENTRY);
  expect(files.read(SEGMENT.id)).toEqual(BYTES);
});

test.each([
  ["in their order", (ids: string[]) => ids.sort(compareUtf8)],
  ["against it", (ids: string[]) => ids.sort(compareUtf8).reverse()],
  ["here and there", (ids: string[]) => ids],
])("all entries of a large file are found %s, before and after all were read at once", (_, order) => {
  using dir = tempDir("segments");
  const entries = Array.from({ length: 2_000 }, (_, number) => ({
    ...entryOf(""),
    actionId: entryOf(`${number}`).actionId,
  }));
  const { segment: saved, bytes } = segmentOf(entries);
  new SegmentFiles(dir.path, () => true).save(saved.id, bytes);
  const segment = new SegmentFiles(dir.path, () => true).open(saved.id);
  const wanted = order(entries.map(({ actionId }) => actionId));
  const found = () => wanted.map((actionId) => segment?.entry(segment.findAction(actionId) ?? -1)?.actionId);
  expect(found()).toEqual(wanted);
  expect([...(segment?.entries(wanted.keys()) ?? [])]).toHaveLength(wanted.length);
  expect(found()).toEqual(wanted);
});

test("a segment that the disk refuses is kept in memory", () => {
  using dir = tempDir("segments");
  writeFileSync(dir.join("file"), "");
  const files = new SegmentFiles(dir.join("file", "segments"), () => true);
  const segment = files.save(SEGMENT.id, BYTES);
  expect(segment.findAction(ENTRY.actionId)).toBe(0);
  expect([files.open(SEGMENT.id)?.rows, files.read(SEGMENT.id)]).toEqual([1, BYTES]);
});

test("a segment counts as used when it is opened, at most once a day", () => {
  using dir = tempDir("segments");
  new SegmentFiles(dir.path, () => true).save(SEGMENT.id, BYTES);
  const path = dir.join(SEGMENT.id);
  const ageAfterOpen = (ms: number) => {
    age(path, ms);
    new SegmentFiles(dir.path, () => true).open(SEGMENT.id);
    return Math.round((Date.now() - statSync(path).mtimeMs) / 3_600_000);
  };
  expect([ageAfterOpen(DAY_MS / 2), ageAfterOpen(2 * DAY_MS)]).toEqual([12, 0]);
});

testOnPosix("neither a link to the directory nor one to a file is followed", () => {
  using dir = tempDir("segments");
  mkdirSync(dir.join("elsewhere"));
  new SegmentFiles(dir.join("elsewhere"), () => true).save(SEGMENT.id, BYTES);
  symlinkSync(dir.join("elsewhere"), dir.join("segments"));
  expect(new SegmentFiles(dir.join("segments"), () => true).open(SEGMENT.id)).toBeUndefined();
  mkdirSync(dir.join("other"));
  symlinkSync(dir.join("elsewhere", SEGMENT.id), dir.join("other", SEGMENT.id));
  expect(new SegmentFiles(dir.join("other"), () => true).open(SEGMENT.id)).toBeUndefined();
});
