import { describe, expect, test } from "bun:test";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import { isPlainPrefix } from "../../../../src/remote/packed/format/keys.ts";
import { formatParts, splitParts } from "../../../../src/remote/packed/format/record-parts.ts";
import { isAccepted } from "../../../../src/remote/packed/format/record-trust.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import {
  formatRunRecord,
  inlineSegments,
  parseRunRecord,
  type RunRecord,
  type SegmentRef,
} from "../../../../src/remote/packed/format/run-record.ts";
import { packSegment, segmentId } from "../../../../src/remote/packed/format/segment-builder.ts";
import { inlineEntries, recordOf, refOf, segmentOf } from "../made-record.ts";
import { entryOf } from "../stocked-bucket.ts";
import { makeKey, trustOf } from "../trust-fixture.ts";
import { ENTRIES, ID } from "./entry-arbitraries.ts";

const A = "aa".repeat(32);
/** A valid record as JSON; the tests damage one part at a time. */
const WHOLE = {
  version: 2,
  kind: "run",
  about: { project: "example.com/a" },
  segments: [{ id: A, rows: 9, prefix: "ci", used: "AQE=" }],
};

const parse = (json: unknown) => parseRunRecord(compressFrame(Buffer.from(JSON.stringify(json))));

const REF: fc.Arbitrary<SegmentRef> = fc
  .record({
    id: ID,
    rows: fc.integer({ min: 1, max: 32_768 }),
    prefix: fc.string().filter(isPlainPrefix),
    used: fc.option(fc.array(fc.nat())),
  })
  .map(({ used, rows, ...ref }) => {
    const set = RowSet.none(rows);
    for (const row of used ?? []) set.add(row % rows);
    return { ...ref, rows, isInline: false, used: used === null || set.isAll ? undefined : set };
  });

const RECORD: fc.Arbitrary<RunRecord> = fc.record({
  kind: fc.constantFrom("run", "new", "shared"),
  about: fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string(), { noNullPrototype: true }),
  segments: fc.array(REF, { maxLength: 6 }),
});

/** With sets of rows as texts, which can be compared. */
function plain({ segments, ...record }: RunRecord) {
  return { ...record, segments: segments.map(({ used, ...ref }) => ({ ...ref, used: used?.format() })) };
}

test("every written record is read back unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(RECORD, async (record) => {
      expect(plain(parseRunRecord(await formatRunRecord(record)))).toEqual(plain(record));
    }),
  );
});

test("inline segments are read back, whatever other segments there are", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(ENTRIES, { maxLength: 4, selector: (entries) => entries[0]?.actionId }),
      RECORD,
      async (lists, record) => {
        const made = lists.map(segmentOf);
        const inline = new Map(made.map(({ segment, bytes }) => [segment.id, bytes]));
        const segments = [...record.segments, ...made.map(({ segment }) => refOf(segment))];
        const object = await formatRunRecord({ ...record, segments }, inline);
        const read = inlineSegments(object, parseRunRecord(object).segments);
        expect([...read.keys()]).toEqual(made.map(({ segment }) => segment.id));
        for (const [id, bytes] of read) expect(segmentId(bytes)).toBe(id);
      },
    ),
  );
});

test("a record is a frame of JSON that zstd reads, with what it was given and no more", async () => {
  const { segment, bytes } = segmentOf([entryOf("")]);
  const used = RowSet.none(9);
  used.add(0);
  used.add(8);
  const segments = [
    refOf({ ...segment, id: A, rows: 9 } as typeof segment, { prefix: "ci", isInline: false, used }),
    refOf(segment),
  ];
  const object = await formatRunRecord(
    { kind: "new", about: { job: "test" }, segments },
    new Map([[segment.id, bytes]]),
  );
  expect(JSON.parse(zstdDecompressSync(object).toString())).toEqual({
    version: 2,
    kind: "new",
    about: { job: "test" },
    segments: [
      { id: A, rows: 9, prefix: "ci", used: "AQE=" },
      { id: segment.id, rows: 1, prefix: "", inline: true },
    ],
  });
});

test("the undamaged record is read", () => {
  const { segments } = parse(WHOLE);
  expect(segments).toMatchObject([{ id: A, rows: 9, prefix: "ci", isInline: false }]);
  expect([0, 1, 7, 8].map((row) => segments[0]?.used?.has(row))).toEqual([true, false, false, true]);
});

describe("a part that is", () => {
  const segment = (change: object) => ({ segments: [{ ...WHOLE.segments[0], ...change }] });
  test.each([
    ["of a later version", { version: 3 }],
    ["of an earlier version", { version: 1, entries: [] }],
    ["of an unknown kind", { kind: "old" }],
    ["without about", { about: undefined }],
    ["about null", { about: null }],
    ["about a text", { about: "x" }],
    ["about a list", { about: [] }],
    ["about a number", { about: { key: 7 } }],
    ["without segments", { segments: undefined }],
    ["with segments that are no list", { segments: { length: 1 } }],
    ["with more than 1,024 segments", { segments: Array.from({ length: 1_025 }, () => WHOLE.segments[0]) }],
    ["a segment that is null", { segments: [null] }],
    ["a segment that is a text", { segments: [A] }],
    ["a segment with an id that is a path", segment({ id: `../${A.slice(3)}` })],
    ["a segment with an id in capitals", segment({ id: A.toUpperCase() })],
    ["a segment with an id too short", segment({ id: A.slice(1) })],
    ["a segment without rows", segment({ rows: 0, used: undefined })],
    ["a segment of a fractional number of rows", segment({ rows: 8.5 })],
    ["a segment of 32,769 rows", segment({ rows: 32_769, used: undefined })],
    ["a segment of rows in quotes", segment({ rows: "9" })],
    ["a segment without a prefix", segment({ prefix: undefined })],
    ["a segment with a prefix that is a number", segment({ prefix: 1 })],
    ["a segment that is inline by a number", segment({ inline: 1 })],
    ["a segment with used rows that are a list", segment({ used: [0] })],
    ["a segment with used rows that are null", segment({ used: null })],
    ["a segment with a used row beyond it", segment({ used: "AQM=" })],
    ["a segment with used rows of a longer one", segment({ used: "AQEB" })],
  ])("%s makes a record invalid", (_, change) => {
    expect(() => parse({ ...WHOLE, ...change })).toThrow(/^record /);
  });
});

test("the error for a record of a later version contains the version", () => {
  expect(() => parse({ version: 3, segments: "in another way" })).toThrow("record of version 3, not 2");
});

test.each([
  ["null", "not a record: it has no version number"],
  ["{}", "not a record: it has no version number"],
  ['{"version":"2"}', "not a record: it has no version number"],
  ["[]", "not a record: it has no version number"],
  ["{", "JSON"],
  ["", "JSON"],
])("a frame of %j is refused", (json, complaint) => {
  expect(() => parseRunRecord(compressFrame(Buffer.from(json)))).toThrow(complaint);
});

test("truncated or altered bytes, and bytes that are no frame, are refused", async () => {
  const bytes = await formatRunRecord({ kind: "run", about: { job: "test" }, segments: [] });
  const altered = Uint8Array.from(bytes);
  altered.fill(0, 20, 40);
  for (const bad of [bytes.slice(0, -1), bytes.slice(0, 10), altered, Buffer.from("{}"), Buffer.alloc(0)]) {
    expect(() => parseRunRecord(bad)).toThrow();
  }
});

test("a few bytes that expand to many megabytes are refused", () => {
  const bytes = compressFrame(Buffer.alloc((16 << 20) + 1, " "));
  expect(() => parseRunRecord(bytes)).toThrow("a zstd frame of");
});

describe("inline segments are refused", () => {
  const [one, two] = [segmentOf([entryOf("one")]), segmentOf([entryOf("two")])];
  const named = [refOf(one.segment)];
  const objectOf = async (...segments: Uint8Array<ArrayBuffer>[]) => {
    const { frame } = splitParts(await recordOf([entryOf("one")]));
    return formatParts(frame, await Promise.all(segments.map(packSegment)));
  };

  test("with another hash than the record names", async () => {
    const object = await objectOf(two.bytes);
    expect(() => inlineSegments(object, named)).toThrow(`the segment ${one.segment.id} has the SHA-256`);
  });

  test("when one is missing, or one too many", async () => {
    for (const object of [await objectOf(), await objectOf(one.bytes, two.bytes)])
      expect(() => inlineSegments(object, named)).toThrow("record with a segment missing");
  });

  test("when they are in another order", async () => {
    const object = await objectOf(two.bytes, one.bytes);
    expect(() => inlineSegments(object, [...named, refOf(two.segment)])).toThrow("has the SHA-256");
  });

  test("when a few bytes claim to be many megabytes", () => {
    const bytes = Buffer.alloc(4 << 20);
    const id = segmentId(bytes);
    const object = formatParts(
      compressFrame(Buffer.from("{}")),
      Array.from({ length: 5 }, () => compressFrame(bytes)),
    );
    const refs = Array.from({ length: 5 }, () => ({ ...(named[0] as SegmentRef), id }));
    expect(() => inlineSegments(object, refs)).toThrow("a zstd frame of");
  });

  test("when the writer lacks their bytes", () => {
    expect(formatRunRecord({ kind: "run", about: {}, segments: named })).rejects.toThrow("without bytes");
  });
});

test("a signature covers the segments: others under the same signature are refused", async () => {
  const { check, signer } = trustOf(makeKey());
  const entries = [{ ...entryOf(""), actionId: A }];
  const signed = signer.sign("key", await recordOf(entries));
  expect([isAccepted(check, "key", signed), inlineEntries(signed)]).toEqual([true, entries]);
  const other = Buffer.from(segmentOf([entryOf("")]).bytes);
  const { frame } = splitParts(signed);
  const sealAt = Buffer.from(signed).lastIndexOf(Buffer.from([0x50, 0x2a, 0x4d, 0x18]));
  const swapped = Buffer.concat([formatParts(frame, [await packSegment(other)]), signed.subarray(sealAt)]);
  expect(isAccepted(check, "key", swapped)).toBe(true);
  expect(() => inlineEntries(swapped)).toThrow("has the SHA-256");
});
