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

test("nothing is known at first", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.join("scope"));
  expect([cache.load(), cache.read(REF), readdirSync(dir.path)]).toEqual([undefined, undefined, []]);
});

test("what one command keeps the next one finds", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.join("scope"));
  cache.write(REF, HELLO);
  cache.save(LIST);
  const next = new RecordCache(dir.join("scope"));
  expect([next.load(), next.read(REF)]).toEqual([LIST, HELLO]);
});

test("a record that was written anew is another one", () => {
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

test("copies that the list does not name any more are removed, with what was left half written", () => {
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
  ["cut off", JSON.stringify(LIST).slice(0, -1)],
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
])("a list that is %s counts as none", (_, text) => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.path);
  cache.save(LIST);
  writeFileSync(dir.join("records.json"), text);
  expect(cache.load()).toBeUndefined();
});

test("a copy that is cut off is handed out: whoever parses it will see", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.path);
  cache.write(REF, HELLO);
  const [name = ""] = readdirSync(dir.join("records"));
  truncateSync(dir.join("records", name), 3);
  expect(cache.read(REF)).toEqual(Buffer.from("hel"));
});

test("a directory that can't be made, or holds other things, is no error", () => {
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

testOnPosix("what is none of its own is left alone, and nothing behind a link is removed", () => {
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

test("a list or a copy that is too large is none", () => {
  using dir = tempDir("records");
  const cache = new RecordCache(dir.path);
  cache.write(REF, HELLO);
  cache.save(LIST);
  truncateSync(dir.join("records.json"), (1 << 20) + 1);
  for (const name of readdirSync(dir.join("records"))) truncateSync(dir.join("records", name), (8 << 20) + 1);
  expect([cache.load(), cache.read(REF)]).toEqual([undefined, undefined]);
});
