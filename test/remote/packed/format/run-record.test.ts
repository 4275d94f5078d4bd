import { describe, expect, test } from "bun:test";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import type { Pack, PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import {
  formatRunRecord,
  parseRunRecord,
  type RunRecord,
} from "../../../../src/remote/packed/format/run-record.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { entryOf } from "../stocked-bucket.ts";

const A = "aa".repeat(32);
const B = "bb".repeat(32);
const PACK = "cc".repeat(32);
/** A valid record as JSON; the tests damage one part at a time. */
const WHOLE = {
  version: 1,
  kind: "run",
  about: { project: "example.com/a" },
  prefixes: ["ci"],
  packs: [[PACK, 100, 0]],
  entries: [[A, B, 7, 1_700_000_000_000, 0, 40, 60]],
};

const parse = (json: unknown) => parseRunRecord(compressFrame(Buffer.from(JSON.stringify(json))));

const ID = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const SIZE = fc.maxSafeNat();
const PACKS = fc.uniqueArray(fc.record({ id: ID, sizeBytes: fc.nat(), prefix: fc.string() }), {
  selector: ({ id }) => id,
  minLength: 1,
  maxLength: 5,
});

function entryIn(packs: Pack[]): fc.Arbitrary<PackedEntry> {
  const place = fc.constantFrom(...packs).chain((pack) =>
    fc.tuple(fc.nat(pack.sizeBytes), fc.nat(pack.sizeBytes)).map(([offset, length]) => {
      const fitting = Math.min(length, pack.sizeBytes - offset);
      return fitting === 0 ? undefined : { pack, offset, length: fitting };
    }),
  );
  return fc
    .record({ actionId: ID, outputId: ID, sizeBytes: SIZE, putTimeMs: SIZE, place })
    .map((entry) => (entry.place === undefined ? { ...entry, sizeBytes: 0 } : entry));
}

const RECORD: fc.Arbitrary<RunRecord> = PACKS.chain((packs) =>
  fc.record({
    kind: fc.constantFrom("run", "new", "shared"),
    about: fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string(), { noNullPrototype: true }),
    entries: fc.array(entryIn(packs)),
  }),
);

test("every written record is read back unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(RECORD, async (record) => {
      expect(parseRunRecord(await formatRunRecord(record))).toEqual(record);
    }),
  );
});

test("a record is a frame of JSON that contains each pack and prefix once", async () => {
  const pack = { id: PACK, sizeBytes: 100, prefix: "ci" };
  const other = { ...pack, id: A, prefix: "" };
  const entry = { actionId: A, outputId: B, sizeBytes: 7, putTimeMs: 1.9 };
  const entries = [
    { ...entry, place: { pack, offset: 0, length: 40 } },
    { ...entry, actionId: B, place: { pack: other, offset: 40, length: 60 } },
    { ...entry, outputId: A, place: { pack: { ...pack }, offset: 40, length: 60 } },
    { ...entry, sizeBytes: 0, place: undefined },
  ];
  const bytes = await formatRunRecord({ kind: "new", about: { job: "test" }, entries });
  expect(JSON.parse(zstdDecompressSync(bytes).toString())).toEqual({
    version: 1,
    kind: "new",
    about: { job: "test" },
    prefixes: ["ci", ""],
    packs: [
      [PACK, 100, 0],
      [A, 100, 1],
    ],
    entries: [
      [A, B, 7, 1, 0, 0, 40],
      [B, B, 7, 1, 1, 40, 60],
      [A, A, 7, 1, 0, 40, 60],
      [A, B, 0, 1, -1, 0, 0],
    ],
  });
});

test("the undamaged record is read", () => {
  const place = { pack: { id: PACK, sizeBytes: 100, prefix: "ci" }, offset: 40, length: 60 };
  expect(parse(WHOLE)).toEqual({
    kind: "run",
    about: { project: "example.com/a" },
    entries: [{ actionId: A, outputId: B, sizeBytes: 7, putTimeMs: 1_700_000_000_000, place }],
  });
});

describe("a part that is", () => {
  const entry = (...changes: [number, unknown][]) => {
    const row: unknown[] = [A, B, 7, 1, 0, 40, 60];
    for (const [at, value] of changes) row[at] = value;
    return { entries: [row] };
  };

  test.each([
    ["of a later version", { version: 2 }],
    ["of no version", { version: undefined }],
    ['of version "1"', { version: "1" }],
    ["of an unknown kind", { kind: "old" }],
    ["without about", { about: undefined }],
    ["about null", { about: null }],
    ["about a text", { about: "x" }],
    ["about a list", { about: [] }],
    ["about a number", { about: { key: 7 } }],
    ["without prefixes", { prefixes: undefined }],
    ["with a prefix that is a number", { prefixes: [1] }],
    ["with packs that are no list", { packs: {} }],
    ["with entries that are no list", { entries: { length: 1 } }],
    ["a pack that is no list", { packs: [PACK] }],
    ["a pack with another id", { packs: [["../../etc/passwd", 100, 0]] }],
    ["a pack with an id in capitals", { packs: [[PACK.toUpperCase(), 100, 0]] }],
    ["a pack with an unknown prefix", { packs: [[PACK, 100, 1]] }],
    ["a pack with a prefix index that is a property name", { packs: [[PACK, 100, "length"]] }],
    ["a pack with a prefix index in quotes", { packs: [[PACK, 100, "0"]] }],
    ["a pack with an additional value", { packs: [[PACK, 100, 0, 0]] }],
    ["a pack of negative size", { packs: [[PACK, -1, 0]] }],
    ["a pack of a fractional size", { packs: [[PACK, 99.5, 0]] }],
    ["an entry that is no list", { entries: [null] }],
    ["a truncated entry", { entries: [[A, B, 7]] }],
    ["an entry with an additional value", { entries: [[A, B, 7, 1, 0, 40, 60, 0]] }],
    ["more than 80,000 entries", { entries: Array.from({ length: 80_001 }, () => [A, B, 7, 1, 0, 40, 60]) }],
    ["an action in capitals", entry([0, A.toUpperCase()])],
    ["an action that is a path", entry([0, `../${A.slice(3)}`])],
    ["an output too short", entry([1, B.slice(1)])],
    ["a size that is a text", entry([2, "7"])],
    ["a negative size", entry([2, -7])],
    ["a put time that is null", entry([3, null])],
    ["a place in no pack", entry([4, 1])],
    ["a place with a pack index that is a property name", entry([4, "length"])],
    ["a non-empty output without a place", entry([4, -1])],
    ["a place in a pack in quotes", entry([4, "0"])],
    ["an empty output with an invalid place", entry([2, 0], [6, 61])],
    ["a negative offset", entry([5, -1])],
    ["a length of zero", entry([6, 0])],
    ["a place that ends beyond its pack", entry([6, 61])],
    ["a place that starts beyond its pack", entry([5, 2 ** 52])],
  ])("%s makes a record invalid", (_, change) => {
    expect(() => parse({ ...WHOLE, ...change })).toThrow(/^record /);
  });
});

test("a time before 1970 is written as 1970", async () => {
  const entries = [{ ...entryOf(""), putTimeMs: -5_000 }];
  const record = parseRunRecord(await formatRunRecord({ kind: "run", about: {}, entries }));
  expect(record.entries).toEqual([{ ...entryOf(""), putTimeMs: 0 }]);
});

test("the error for a record of a later version contains the version", () => {
  expect(() => parse({ version: 2, entries: "in another way" })).toThrow("record of version 2, not 1");
});

test.each([
  ["null", "record of version undefined"],
  ["[]", "record of version undefined"],
  ["{", "JSON"],
  ["", "JSON"],
])("a frame of %j is refused", (json, complaint) => {
  expect(() => parseRunRecord(compressFrame(Buffer.from(json)))).toThrow(complaint);
});

test("truncated or altered bytes, and bytes that are no frame, are refused", async () => {
  const bytes = await formatRunRecord({ kind: "run", about: {}, entries: [entryOf("")] });
  const altered = Uint8Array.from(bytes);
  altered.fill(0, 20, 40);
  for (const bad of [bytes.slice(0, -1), bytes.slice(0, 10), altered, Buffer.from("{}"), Buffer.alloc(0)]) {
    expect(() => parseRunRecord(bad)).toThrow();
  }
});

test("a few bytes that expand to many megabytes are refused", () => {
  const bytes = compressFrame(Buffer.alloc((32 << 20) + 1, " "));
  expect(() => parseRunRecord(bytes)).toThrow("a zstd frame of");
});

test("entries beyond 80,000 are dropped from the end", async () => {
  const entries = Array.from({ length: 80_001 }, (_, n) => ({ ...entryOf(""), actionId: sha256Hex(`${n}`) }));
  const record = parseRunRecord(await formatRunRecord({ kind: "run", about: {}, entries }));
  expect([record.entries.length, record.entries.at(-1)]).toEqual([80_000, entries.at(-2) as PackedEntry]);
});
