import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import {
  RecordCache,
  type RecordList,
  type RecordRef,
} from "../../../../src/remote/packed/index/record-cache.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { testOnPosix } from "../../../support/platform.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const REF: RecordRef = { key: "run/a", etag: '"1"', role: "own", modifiedMs: 1, sizeBytes: 5 };
const LIST: RecordList = {
  refreshedAtMs: 1,
  pauseMs: 60_000,
  clockSkewMs: -5,
  additionsAtMs: 0,
  records: [REF, { ...REF, key: "new/b", role: "new" }],
};
const HELLO = Buffer.from("hello");

test("a new cache is empty", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.join("scope"));
  expect([cache.load(), cache.read(REF), readdirSync(dir.path)]).toEqual([undefined, undefined, []]);
});

test("the next command finds the saved list and copies", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.join("scope"));
  cache.write(REF, HELLO);
  cache.save(LIST);
  const next = new RecordCache(dir.join("scope"));
  expect([next.load(), next.read(REF)]).toEqual([LIST, HELLO]);
});

test("a record with a new etag has another copy", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.path);
  cache.write(REF, HELLO);
  expect(
    [
      { ...REF, etag: '"2"' },
      { ...REF, key: "run/b" },
    ].map((ref) => cache.read(ref)),
  ).toEqual([undefined, undefined]);
});

test("copies that are not in the list are removed, and partly written files, too", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.path);
  const old = { ...REF, etag: '"0"' };
  for (const ref of [REF, old]) cache.write(ref, HELLO);
  writeFileSync(dir.join("records", "0123456789abcdef.4711"), "hel");
  cache.save(LIST);
  expect([cache.read(REF), cache.read(old), filesBelow(dir.join("records")).length]).toEqual([
    HELLO,
    undefined,
    1,
  ]);
});

test.each([
  ["empty", ""],
  ["truncated", JSON.stringify(LIST).slice(0, -1)],
  ["null", "null"],
  ["a number", "1"],
  ["without a time", JSON.stringify({ ...LIST, refreshedAtMs: undefined })],
  ["with a time that is a text", JSON.stringify({ ...LIST, pauseMs: "60000" })],
  ["without records", JSON.stringify({ ...LIST, records: undefined })],
  ["with a record that is null", JSON.stringify({ ...LIST, records: [null] })],
  ["with a record without a key", JSON.stringify({ ...LIST, records: [{ ...REF, key: 1 }] })],
  ["with a record without an etag", JSON.stringify({ ...LIST, records: [{ ...REF, etag: undefined }] })],
  ["with a record without a size", JSON.stringify({ ...LIST, records: [{ ...REF, sizeBytes: null }] })],
  ["with a record without a time", JSON.stringify({ ...LIST, records: [{ ...REF, modifiedMs: undefined }] })],
])("a list that is %s counts as missing", (_, text) => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.path);
  cache.save(LIST);
  writeFileSync(dir.join("records.json"), text);
  expect(cache.load()).toBeUndefined();
});

test("a truncated copy is returned: the parser detects it", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.path);
  cache.write(REF, HELLO);
  const [name = ""] = readdirSync(dir.join("records"));
  truncateSync(dir.join("records", name), 3);
  expect(cache.read(REF)).toEqual(Buffer.from("hel"));
});

test("a directory that can't be created, or contains other files, is no error", () => {
  using dir = tempDir("records");
  writeFileSync(dir.join("file"), "");
  mkdirSync(dir.join("odd", "records.json"), { recursive: true });
  writeFileSync(dir.join("odd", "records"), "");
  for (const name of ["file", "odd"]) {
    const cache = new RecordCache(dir.join(name));
    cache.write(REF, HELLO);
    cache.save(LIST);
    expect([cache.load(), cache.read(REF)]).toEqual([undefined, undefined]);
  }
  expect(filesBelow(dir.path)).toEqual(["file", "odd/records"]);
});

testOnPosix("other files are kept, and links are not followed", () => {
  using dir = tempDir("records");
  mkdirSync(dir.join("elsewhere"));
  for (const name of ["notes.txt", "0123456789abcdef"]) writeFileSync(dir.join("elsewhere", name), "");
  mkdirSync(dir.join("real", "records"), { recursive: true });
  writeFileSync(dir.join("real", "records", "notes.txt"), "");
  mkdirSync(dir.join("linked"));
  symlinkSync(dir.join("elsewhere"), dir.join("linked", "records"));
  for (const name of ["real", "linked"]) new RecordCache(dir.join(name)).save({ ...LIST, records: [] });
  expect(readdirSync(dir.join("real", "records"))).toEqual(["notes.txt"]);
  expect(readdirSync(dir.join("elsewhere")).sort()).toEqual(["0123456789abcdef", "notes.txt"]);
});

test("a list or copy that is too large counts as missing", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.path);
  cache.write(REF, HELLO);
  cache.save(LIST);
  truncateSync(dir.join("records.json"), (1 << 20) + 1);
  for (const name of readdirSync(dir.join("records"))) truncateSync(dir.join("records", name), (8 << 20) + 1);
  expect([cache.load(), cache.read(REF)]).toEqual([undefined, undefined]);
});
