import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import type { Pack, PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { prefixTest } from "../../../../src/remote/packed/format/keys.ts";
import type { Segment } from "../../../../src/remote/packed/format/segment.ts";
import {
  newSegment,
  packSegment,
  SegmentBuilder,
  segmentId,
  unpackSegment,
} from "../../../../src/remote/packed/format/segment-builder.ts";
import { HEADER_BYTES, layoutOf, MAX_ROWS } from "../../../../src/remote/packed/format/segment-layout.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { byAction, segmentOf } from "../made-record.ts";
import { entryOf } from "../stocked-bucket.ts";
import { ENTRIES, ID } from "./entry-arbitraries.ts";

const PACK: Pack = { id: "cc".repeat(32), sizeBytes: 100, prefix: "ci" };

function entryAt(text: string, place: PackedEntry["place"]): PackedEntry {
  return { ...entryOf(text), place };
}

function allRows({ rows }: Segment): number[] {
  return Array.from({ length: rows }, (_, row) => row);
}

function changed(bytes: Uint8Array, change: (copy: Buffer<ArrayBuffer>) => Buffer<ArrayBuffer> | undefined) {
  const copy = Buffer.from(bytes);
  return change(copy) ?? copy;
}

describe("what is written", () => {
  test("is read back, row by row and as a whole, sorted by action", () => {
    fc.assert(
      fc.property(ENTRIES, (entries) => {
        const { segment } = segmentOf(entries);
        const sorted = entries.toSorted((a, b) => (a.actionId < b.actionId ? -1 : 1));
        expect(allRows(segment).map((row) => segment.entry(row))).toEqual(sorted);
        expect([...segment.entries(allRows(segment))]).toEqual(sorted.map((entry, row) => [row, entry]));
        expect([...segment.entries([0, segment.rows, -1])]).toEqual([[0, sorted[0] as PackedEntry]]);
      }),
    );
  });

  test("is found by action and by output as in a map", () => {
    fc.assert(
      fc.property(ENTRIES, fc.array(ID), (entries, others) => {
        const { segment } = segmentOf(entries);
        const byAction = new Map(entries.map((entry) => [entry.actionId, entry]));
        const byOutput = Map.groupBy(entries, ({ outputId }) => outputId);
        for (const id of [...byAction.keys(), ...byOutput.keys(), ...others]) {
          const row = segment.findAction(id);
          expect(row === undefined ? undefined : segment.entry(row)).toEqual(byAction.get(id));
          const [other] = segment.rowsOfOutput(id);
          const found = other === undefined ? undefined : segment.entry(other);
          if (found === undefined) expect(byOutput.has(id)).toBe(false);
          else expect(byOutput.get(id)).toContainEqual(found);
        }
      }),
    );
  });

  test("is in the order in which to fetch it: by pack and offset, empty outputs last", () => {
    fc.assert(
      fc.property(ENTRIES, (entries) => {
        const { segment } = segmentOf(entries);
        const order = [...segment.fetchOrder().rows];
        expect(order.toSorted((a, b) => a - b)).toEqual(allRows(segment));
        const places = order.map((row) => {
          const place = segment.entry(row)?.place;
          const same = (pack: Pack | undefined) => Bun.deepEquals(pack, place?.pack);
          return place && { pack: segment.packs.findIndex(same), offset: place.offset };
        });
        const keys = places.map((place) =>
          place === undefined ? Number.POSITIVE_INFINITY : place.pack * 2 ** 32 + place.offset,
        );
        expect(keys).toEqual(keys.toSorted((a, b) => a - b));
      }),
    );
  });

  test("has the same bytes and id whatever the order of the entries of one pack", () => {
    const entries = ["a", "b", "c"].map((text, i) => entryAt(text, { pack: PACK, offset: i, length: 1 }));
    const [one, other] = [segmentOf(entries), segmentOf(entries.toReversed())];
    expect(one.segment.id).toBe(sha256Hex(one.bytes));
    expect(Buffer.compare(one.bytes, other.bytes)).toBe(0);
  });

  test("is found among the most rows there can be, and no more are taken", () => {
    const builder = new SegmentBuilder();
    const empty = entryOf("");
    const actions = Array.from({ length: MAX_ROWS }, (_, n) => sha256Hex(`${n}`));
    for (const actionId of actions) builder.add({ ...empty, actionId });
    expect(builder.isFull).toBe(true);
    const { segment } = builder.seal();
    expect([segment.rows, builder.rows]).toEqual([MAX_ROWS, 0]);
    for (const id of [actions[0], actions[MAX_ROWS - 1]] as string[])
      expect(segment.entry(segment.findAction(id) ?? -1)?.actionId).toBe(id);
    expect(segment.findAction(sha256Hex("none"))).toBeUndefined();
    for (const actionId of [...actions, sha256Hex("one more")]) builder.add({ ...empty, actionId });
    expect(() => builder.seal()).toThrow("too many rows");
  });

  test("has the last entry of an action, whole milliseconds from 1970 on, and the same pack below two prefixes", () => {
    const actionId = sha256Hex("action");
    const first = { ...entryAt("a", { pack: PACK, offset: 0, length: 10 }), actionId };
    const last = { ...first, putTimeMs: 1.9, compileMs: 2.7, place: { pack: PACK, offset: 10, length: 10 } };
    const early = {
      ...entryAt("b", { pack: { ...PACK, prefix: "other" }, offset: 0, length: 1 }),
      putTimeMs: -5,
    };
    const { segment } = segmentOf([first, last, early]);
    expect(segment.rows).toBe(2);
    expect(segment.entry(segment.findAction(actionId) ?? -1)).toEqual({
      ...last,
      putTimeMs: 1,
      compileMs: 2,
    });
    expect(segment.entry(segment.findAction(early.actionId) ?? -1)).toEqual({ ...early, putTimeMs: 0 });
  });
});

test("rows in packs below prefixes that are not read are absent, whoever asks", () => {
  const own = entryAt("a", { pack: PACK, offset: 0, length: 10 });
  const foreign = entryAt("b", { pack: { ...PACK, prefix: "secret" }, offset: 0, length: 10 });
  const empty = { ...entryOf(""), place: undefined };
  const { bytes } = segmentOf([own, foreign, empty]);
  const { segment } = newSegment(bytes, prefixTest(["team", "ci/"]));
  const ids = [own, foreign, empty].map(({ actionId }) => segment.findAction(actionId) !== undefined);
  expect([ids, segment.isPartlyRefused]).toEqual([[true, false, true], true]);
  expect([...segment.rowsOfOutput(foreign.outputId)].map((row) => segment.entry(row))).toEqual([undefined]);
  const rows = allRows(segment);
  expect([...segment.entries(rows)].map(([, entry]) => entry)).toEqual(byAction([own, empty]));
  expect(segment.packs.filter((pack) => pack !== undefined)).toEqual([PACK]);
  expect(newSegment(bytes, prefixTest(["ci", "secret"])).segment.isPartlyRefused).toBe(false);
});

describe("the file name of a program", () => {
  const place = (offset: number) => ({ pack: PACK, offset, length: 1 });
  const tool = { ...entryAt("tool", place(0)), executable: "stringer" };
  const data = entryAt("data", place(1));

  test("is read back, and that of other entries is absent", () => {
    const { segment } = segmentOf([tool, data]);
    expect([...segment.entries(allRows(segment))].map(([, entry]) => entry)).toEqual(byAction([tool, data]));
    expect(newSegment(segmentOf([data]).bytes).bytes.toString("latin1")).toEndWith('{"prefixes":["ci"]}');
  });

  test.each(["../tool", "a/b", "a\\b", ".", "..", "", "nul", "a\0b", "x".repeat(256)])(
    "that is %j makes the entry absent",
    (executable) => {
      const { segment } = segmentOf([{ ...tool, executable }, data]);
      expect(segment.findAction(tool.actionId)).toBeUndefined();
      expect([...segment.entries(allRows(segment))].map(([, entry]) => entry)).toEqual([data]);
      expect([...segment.rowsOfOutput(tool.outputId)].map((row) => segment.entry(row))).toEqual([undefined]);
    },
  );

  test("that is no text makes the entry absent, and executables that are no object refuse the segment", () => {
    const { bytes } = segmentOf([{ ...tool, executable: "12" }]);
    const text = bytes.toString("latin1");
    const withText = (from: string, to: string) => Buffer.from(text.replace(from, to), "latin1");
    expect(newSegment(withText('"12"', "1234")).segment.entry(0)).toBeUndefined();
    expect(() => newSegment(withText('{"0":"12"}', '["0","12"]'))).toThrow("other executables");
  });

  test("fits a thousand times, however long", () => {
    const builder = new SegmentBuilder();
    const executable = "\u00e9".repeat(127);
    for (let n = 0; !builder.isFull; n++) builder.add({ ...tool, actionId: sha256Hex(`${n}`), executable });
    expect(builder.rows).toBe(1_000);
    expect(builder.seal().segment.entry(0)?.executable).toBe(executable);
  });
});

describe("refused:", () => {
  const { bytes } = segmentOf([entryAt("a", { pack: PACK, offset: 0, length: 100 }), entryOf("")]);
  const { text } = layoutOf(2, 1, 0);
  test.each<[string, (copy: Buffer<ArrayBuffer>) => Buffer<ArrayBuffer> | undefined, string]>([
    ["no bytes", () => Buffer.alloc(0), "cut off"],
    ["half a header", (copy) => copy.subarray(0, HEADER_BYTES - 1), "cut off"],
    ["another magic", (copy) => void copy.write("gcpseg2\n"), "not a segment"],
    ["a byte too few", (copy) => copy.subarray(0, -1), "of another size"],
    ["a byte too many", (copy) => Buffer.concat([copy, Buffer.alloc(1)]), "of another size"],
    ["a row too many", (copy) => void copy.writeUInt32LE(3, 8), "of another size"],
    ["more rows than there can be", (copy) => void copy.writeUInt32LE(MAX_ROWS + 1, 8), "too many rows"],
    ["more packs than rows", (copy) => void copy.writeUInt32LE(3, 12), "too many rows"],
    ["endless prefixes", (copy) => void copy.writeUInt32LE(0xffff_ffff, 16), "too many rows"],
    ["a text that is no JSON", (copy) => void copy.write("x", text), "JSON"],
    ["prefixes that are numbers", (copy) => void copy.write('{"prefixes":[1234]}', text), "without prefixes"],
    ["prefixes that are no list", (copy) => void copy.write('{"prefixes":"cicx"}', text), "without prefixes"],
    ["a text that is a list", (copy) => void copy.write('["refixes", "ci"  ]', text), "without prefixes"],
  ])("a segment with %s", (_, change, complaint) => {
    expect(() => newSegment(changed(bytes, change))).toThrow(complaint);
  });

  test("an object with other bytes, of another segment, with two frames, or with more bytes than allowed", async () => {
    const { segment } = newSegment(bytes);
    const object = await packSegment(bytes);
    expect(Buffer.compare(unpackSegment(object, segment.id), bytes)).toBe(0);
    expect(() => unpackSegment(object, sha256Hex("x"))).toThrow("has the SHA-256");
    expect(() => unpackSegment(Buffer.from("x"), segment.id)).toThrow("not a zstd frame");
    expect(() => unpackSegment(Buffer.concat([object, object]), segment.id)).toThrow("not exactly one");
    expect(() => unpackSegment(object, segment.id, 10)).toThrow("a zstd frame of");
    const bomb = compressFrame(Buffer.alloc(64 << 20));
    expect(() => unpackSegment(bomb, segment.id)).toThrow("a zstd frame of");
  });
});

describe("a row is no entry", () => {
  const entry = entryAt("a", { pack: PACK, offset: 40, length: 60 });
  const { bytes } = segmentOf([entry]);
  const { details, packs } = layoutOf(1, 1, 0);
  test.each<[string, (copy: Buffer) => void]>([
    ["of a pack beyond the list", (copy) => copy.writeUInt16LE(1, details + 12)],
    ["without a place for its bytes", (copy) => copy.writeUInt16LE(0xffff, details + 12)],
    ["that ends beyond its pack", (copy) => copy.writeUIntLE(61, details + 18, 6)],
    ["that begins beyond its pack", (copy) => copy.writeUInt32LE(101, details + 14)],
    ["of no length", (copy) => copy.writeUIntLE(0, details + 18, 6)],
    ["of a pack with a prefix beyond the list", (copy) => copy.writeUInt16LE(1, packs + 38)],
  ])("%s", (_, change) => {
    const copy = Buffer.from(bytes);
    expect(newSegment(copy).segment.entry(0)).toEqual(entry);
    change(copy);
    const { segment } = newSegment(copy);
    expect([segment.entry(0), [...segment.entries([0])]]).toEqual([undefined, []]);
  });

  test("beyond the table, or before it", () => {
    const { segment } = newSegment(bytes);
    expect([1, 2, 1_000_000, -1].map((row) => segment.entry(row))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test("damaged bytes are refused at once, or looked up without an error; what is found is what was asked for, in its pack", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(ENTRIES, damage, fc.boolean(), (entries, places, isInHeader) => {
      const { bytes } = segmentOf(entries);
      const copy = Buffer.from(bytes);
      for (const [at, byte] of places) copy[at % (isInHeader ? HEADER_BYTES : copy.length)] = byte;
      let segment: Segment;
      try {
        segment = newSegment(copy).segment;
      } catch {
        return;
      }
      expect(segment.id).toBe(segmentId(copy));
      segment.fetchOrder();
      for (const { actionId, outputId } of entries) {
        const byAction = segment.findAction(actionId);
        if (byAction !== undefined) expect(segment.entry(byAction)?.actionId ?? actionId).toBe(actionId);
        const [byOutput] = segment.rowsOfOutput(outputId);
        if (byOutput !== undefined) expect(segment.entry(byOutput)?.outputId ?? outputId).toBe(outputId);
      }
      for (const [row, entry] of segment.entries(allRows(segment))) {
        expect(segment.entry(row)).toEqual(entry);
        const { place, sizeBytes } = entry;
        if (place === undefined) expect(sizeBytes).toBe(0);
        else expect(place.offset + place.length).toBeLessThanOrEqual(place.pack.sizeBytes);
      }
    }),
    { numRuns: 500 },
  );
});
