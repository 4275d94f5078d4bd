import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { type PrefixTest, prefixTest } from "../../../../src/remote/packed/format/keys.ts";
import {
  parseRunRecord,
  type RunRecord,
  type SegmentRef,
} from "../../../../src/remote/packed/format/run-record.ts";
import { SegmentFiles } from "../../../../src/remote/packed/index/segment-files.ts";
import { SegmentSource } from "../../../../src/remote/packed/index/segment-source.ts";
import { rejection } from "../../../support/rejection.ts";
import { failGets, takeCalls } from "../failing-store.ts";
import { entriesIn, recordOf } from "../made-record.ts";
import { Machine } from "../packed-fixture.ts";
import { entryOf, StockedBucket } from "../stocked-bucket.ts";

const ENTRIES = [entryOf("")];
const NEVER = new AbortController().signal;

function open() {
  const bucket = new StockedBucket();
  const machine = new Machine(bucket);
  const dir = machine.dir.join("segments");
  const source = (isRead: PrefixTest = () => true) =>
    new SegmentSource({
      store: bucket.store,
      files: new SegmentFiles(dir, isRead),
      counters: machine.counters,
      log: machine.log,
    });
  const dispose = () => {
    machine[Symbol.dispose]();
    bucket[Symbol.dispose]();
  };
  return { bucket, machine, dir, source, [Symbol.dispose]: dispose };
}

/** A record that names a segment object. */
async function stored({ bucket }: ReturnType<typeof open>): Promise<{ record: RunRecord; key: string }> {
  const { ref, key } = await bucket.segment(ENTRIES);
  takeCalls(bucket.store);
  return { record: { kind: "run", about: {}, segments: [ref] }, key };
}

describe("a segment object", () => {
  test("that is gone leaves the record without it, and is counted", async () => {
    using opened = open();
    const { record, key } = await stored(opened);
    await opened.bucket.remove(key);
    const source = opened.source();
    await source.fetchMissing(record, NEVER);
    expect([source.group(record), source.isWhole(record)]).toEqual([{ segments: [] }, false]);
    expect(opened.machine.counters.snapshot()).toEqual({ segments_gone: 1 });
  });

  test("with other bytes than its name says is not used, and is counted", async () => {
    using opened = open();
    const { record, key } = await stored(opened);
    await opened.bucket.overwrite(key, (await opened.bucket.segment([entryOf("other")])).bytes);
    const source = opened.source();
    await source.fetchMissing(record, NEVER);
    expect(source.group(record)).toEqual({ segments: [] });
    expect(opened.machine.counters.snapshot()).toEqual({ segments_bad: 1 });
  });

  test("whose request fails is an error", async () => {
    using opened = open();
    const { record } = await stored(opened);
    failGets(opened.bucket.store, "segment/");
    expect(await rejection(opened.source().fetchMissing(record, NEVER))).toEqual(new Error("503"));
  });

  test("with another number of rows than the record claims is not used", async () => {
    using opened = open();
    const { record } = await stored(opened);
    const wrong = { ...record, segments: record.segments.map((ref) => ({ ...ref, rows: 2 })) };
    const source = opened.source();
    await source.fetchMissing(wrong, NEVER);
    expect(source.group(wrong)).toEqual({ segments: [] });
  });

  test("that a record names many times is used once", async () => {
    using opened = open();
    const { record } = await stored(opened);
    const [ref] = record.segments;
    const bomb = { ...record, segments: Array(100).fill(ref) };
    const source = opened.source();
    await source.fetchMissing(bomb, NEVER);
    expect(entriesIn(source.group(bomb))).toEqual(ENTRIES);
    expect(source.isWhole(bomb)).toBe(true);
  });

  test("is fetched once, whoever names it, now and in the next process", async () => {
    using opened = open();
    const { record, key } = await stored(opened);
    const source = opened.source();
    await Promise.all([source.fetchMissing(record, NEVER), source.fetchMissing(record, NEVER)]);
    const next = opened.source();
    await next.fetchMissing(record, NEVER);
    expect([entriesIn(source.group(record)), entriesIn(next.group(record))]).toEqual([ENTRIES, ENTRIES]);
    expect(opened.bucket.store.calls).toEqual([`get ${key}`]);
  });
});

test("segments and packs below prefixes that are not read are left out, without a request, and counted", async () => {
  using opened = open();
  const { bucket, machine } = opened;
  const { record } = await stored(opened);
  const elsewhere = { ...(record.segments[0] as SegmentRef), prefix: "secret" };
  const [own] = await bucket.pack(["one"]);
  using other = new StockedBucket("secret");
  const [foreign] = await other.pack(["two"]);
  const object = await recordOf([own as PackedEntry, foreign as PackedEntry]);
  const { segments } = parseRunRecord(object);
  takeCalls(bucket.store);
  const source = opened.source(prefixTest([bucket.prefix]));
  const read = source.read({ kind: "run", about: {}, segments: [elsewhere, ...segments] });
  source.saveInline(read, object);
  await source.fetchMissing(read, NEVER);
  expect([source.isWhole(read), entriesIn(source.group(read)), bucket.store.calls]).toEqual([
    true,
    [own as PackedEntry],
    [],
  ]);
  expect(machine.counters.snapshot()).toEqual({ prefixes_refused: 2 });
});

describe("an inline segment", () => {
  test("is saved with its record, without a request", async () => {
    using opened = open();
    const object = await recordOf(ENTRIES);
    const record = parseRunRecord(object);
    const source = opened.source();
    expect(source.isWhole(record)).toBe(false);
    source.saveInline(record, object);
    await source.fetchMissing(record, NEVER);
    expect([entriesIn(source.group(record)), opened.bucket.store.calls]).toEqual([ENTRIES, []]);
  });

  test("is read from the record's copy again when its file was removed", async () => {
    using opened = open();
    const object = await recordOf(ENTRIES);
    const record = parseRunRecord(object);
    opened.source().saveInline(record, object);
    rmSync(opened.dir, { recursive: true });
    const source = opened.source();
    source.saveInline(record, object);
    expect(entriesIn(source.group(record))).toEqual(ENTRIES);
  });
});
