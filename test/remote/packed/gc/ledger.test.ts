import { describe, expect, test } from "bun:test";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import {
  idOf,
  type KnownRows,
  Ledger,
  nameSegment,
  PACK_WORDS,
  recordVersion,
  SEGMENT_WORDS,
  wordsOf,
} from "../../../../src/remote/packed/gc/ledger.ts";
import { addPart, formatParts } from "../../../../src/remote/packed/gc/ledger-part.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { DAY_MS } from "../stocked-bucket.ts";
import { PREFIX, World } from "./world.ts";

const RECORD = { key: "run/a", etag: '"1"', sizeBytes: 10, modifiedMs: 1_000 };

/** A record with two segments: the packs of one are known, and the other is held by the record. */
function filled(): Ledger {
  const ledger = new Ledger();
  const [a, b] = ["a", "b"].map((name) => ledger.segmentNumber(wordsOf(sha256Hex(name), SEGMENT_WORDS))) as [
    number,
    number,
  ];
  const packs = ["p", "q"].map((name) => ledger.packNumber(wordsOf(sha256Hex(name), PACK_WORDS)));
  ledger.addPacks(a, packs);
  ledger.addRecord(recordVersion(RECORD), [nameSegment(a, false), nameSegment(b, true)]);
  return ledger;
}

function rereadFrom(ledger: Ledger, rows: KnownRows): Ledger {
  const read = new Ledger();
  for (const bytes of formatParts(ledger, rows)) addPart(read, bytes);
  return read;
}

describe("a part is refused", () => {
  const [whole] = [...formatParts(filled(), filled().rows())] as [Uint8Array];
  test("when it is cut off anywhere", () => {
    for (let length = 0; length < whole.length; length++)
      expect(() => addPart(new Ledger(), whole.subarray(0, length))).toThrow();
  });

  test("when something follows", () => {
    expect(() => addPart(new Ledger(), Buffer.concat([whole, Buffer.alloc(4)]))).toThrow("more than it says");
  });

  test("when it names what it lacks", () => {
    const bytes = Uint8Array.from(whole);
    bytes.set([0xff, 0xff, 0xff, 0x7f], bytes.length - 4);
    expect(() => addPart(new Ledger(), bytes)).toThrow("names what it lacks");
  });
});

test("what was learned comes back from its parts", () => {
  const ledger = filled();
  const read = rereadFrom(ledger, ledger.rows());
  const record = read.findRecord(recordVersion(RECORD));
  expect(record).toBeGreaterThan(0);
  const [a, b] = [read.findSegment(sha256Hex("a")), read.findSegment(sha256Hex("b"))];
  expect([...read.namedBy(record)]).toEqual([nameSegment(a, false), nameSegment(b, true)]);
  const packs = ["p", "q"].map((name) => read.findPack(sha256Hex(name)));
  expect([[...read.packsOf(a)], read.knowsPacks(b), [...read.packsOf(b)]]).toEqual([packs, false, []]);
  expect(idOf(read.segmentWords(a))).toBe(sha256Hex("a"));
});

test("a record counts as unread while the packs of a segment are unknown that only it leads to", () => {
  const ledger = filled();
  const record = ledger.findRecord(recordVersion(RECORD));
  expect(ledger.isWhole(record)).toBe(false);
  ledger.addPacks(ledger.findSegment(sha256Hex("b")), []);
  expect(ledger.isWhole(record)).toBe(true);
});

test.each([
  ["key", { key: "run/b" }],
  ["etag", { etag: '"2"' }],
  ["size", { sizeBytes: 11 }],
  ["time", { modifiedMs: 1_001 }],
])("a record with another %s is another version", (_, change) => {
  expect(filled().findRecord(recordVersion({ ...RECORD, ...change }))).toBe(0);
});

test("parts may be added again and in any order", () => {
  const ledger = filled();
  const [whole] = [...formatParts(ledger, ledger.rows())] as [Uint8Array];
  addPart(ledger, whole);
  ledger.takeUnsaved();
  addPart(ledger, whole);
  expect([ledger.hasUnsaved, ledger.recordCount, ledger.packCount]).toEqual([false, 1, 2]);
});

test("much is split into parts that stand for themselves", () => {
  const ledger = new Ledger();
  for (let segment = 0; segment < 50; segment++) {
    const packs = Array.from({ length: 10_000 }, (_, at) =>
      ledger.packNumber([segment, at, 7 * at, at * segment]),
    );
    ledger.addPacks(ledger.segmentNumber([segment, 1, 2, 3, 4, 5, 6, 7]), packs);
  }
  const parts = [...formatParts(ledger, ledger.rows())];
  expect(parts.length).toBeGreaterThan(1);
  const read = new Ledger();
  for (const part of parts.toReversed()) addPart(read, part);
  expect([read.packCount, read.rows().segments.length]).toEqual([500_000, 50]);
});

test("a record whose inline segments another collection forgot is read again", async () => {
  const world = new World();
  const entries = await world.pack(["inline"], 9 * DAY_MS);
  const record = await world.run({ entries });
  await world.collect();
  const folder = `${PREFIX}/packed/v1/gc/marks/`;
  const [key] = world.store.keys(folder) as [string];
  const ledger = new Ledger();
  addPart(ledger, Bun.zstdDecompressSync(world.store.bytesAt(key) as Uint8Array<ArrayBuffer>));
  await world.store.delete(key);
  for (const bytes of formatParts(ledger, { ...ledger.rows(), segments: [] })) {
    const object = compressFrame(bytes);
    await world.put(`${folder}${sha256Hex(object)}`, object);
  }
  expect(await world.readBy(() => world.collectTwice())).toEqual([record]);
  expect(world.hasPack(entries[0])).toBe(true);
});
