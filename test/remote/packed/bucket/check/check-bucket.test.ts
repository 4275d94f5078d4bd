import { describe, expect, test } from "bun:test";
import { compressFrame } from "../../../../../src/lib/bytes/zstd.ts";
import { checkBucket } from "../../../../../src/remote/packed/bucket/check/check-bucket.ts";
import type { PackedEntry } from "../../../../../src/remote/packed/format/entry.ts";
import { newSegment, packSegment } from "../../../../../src/remote/packed/format/segment-builder.ts";
import { layoutOf } from "../../../../../src/remote/packed/format/segment-layout.ts";
import type { Finding } from "../../../../../src/store/finding.ts";
import { objectOf } from "../../../../store/tampered-store.ts";
import { rejection } from "../../../../support/rejection.ts";
import { recordOf, recordOfSegments, refOf, segmentOf } from "../../made-record.ts";
import { entryOf, packOf, StockedBucket } from "../../stocked-bucket.ts";

async function check(bucket: StockedBucket, options: { isRepairing?: boolean; maxClaims?: number } = {}) {
  const findings: Finding[] = [];
  const onFinding = (finding: Finding) => findings.push(finding);
  const report = await checkBucket({ ...bucket, isRepairing: false, onFinding, ...options });
  return { report, findings };
}

/** A bucket with one pack and its record; `claim` changes the record's entry of the first output. */
async function bucketWith(claim: (entry: PackedEntry) => PackedEntry = (entry) => entry) {
  const bucket = new StockedBucket();
  const [first, ...rest] = (await bucket.pack(["first output", "second output"])) as [
    PackedEntry,
    PackedEntry,
  ];
  const record = await bucket.run([claim(first), ...rest]);
  return { bucket, record, key: bucket.keys.pack(packOf(first)), first };
}

function moved(
  entry: PackedEntry,
  by: { offset?: number; length?: number; packBytes?: number },
): PackedEntry {
  const { offset = 0, length = 0, packBytes = 0 } = by;
  if (entry.place === undefined) return entry;
  const { pack, ...place } = entry.place;
  return {
    ...entry,
    place: {
      pack: { ...pack, sizeBytes: pack.sizeBytes + packBytes },
      offset: place.offset + offset,
      length: place.length + length,
    },
  };
}

describe("a damaged pack is found", () => {
  test.each([
    ["truncated", (bytes: Buffer) => bytes.subarray(0, -1)],
    ["empty", () => Buffer.alloc(0)],
    ["longer", (bytes: Buffer) => Buffer.concat([bytes, bytes])],
    ["altered", (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte)))],
  ])("that is %s, and goes when repairing", async (_, change) => {
    const { bucket, key } = await bucketWith();
    using _bucket = bucket;
    await bucket.overwrite(key, change(Buffer.from(await Bun.file(bucket.dir.join(key)).arrayBuffer())));
    const { findings } = await check(bucket);
    expect(findings).toMatchObject([{ where: key, isRemoved: false }]);
    expect(findings[0]?.what).toStartWith("its bytes have the SHA-256 ");
    expect(bucket.has(key)).toBe(true);
    expect((await check(bucket, { isRepairing: true })).findings).toMatchObject([{ isRemoved: true }]);
    expect(bucket.has(key)).toBe(false);
    const after = await check(bucket);
    expect([after.findings, after.report.absentPacks]).toEqual([[], 1]);
  });

  test("even if no record references it", async () => {
    using bucket = new StockedBucket();
    const [entry] = await bucket.pack(["unnamed"]);
    await bucket.overwrite(bucket.keys.pack(packOf(entry)), Buffer.from("x"));
    expect((await check(bucket)).findings.length).toBe(1);
  });
});

describe("a repair removes a record with a wrong claim on a sound pack, and keeps the pack:", () => {
  test.each<[string, (entry: PackedEntry) => PackedEntry, string]>([
    [
      "other bytes",
      (entry) => ({ ...entry, outputId: entryOf("x").outputId }),
      "expands to bytes with the SHA-256",
    ],
    ["more bytes", (entry) => ({ ...entry, sizeBytes: 13 }), "expands to 12 bytes instead of 13"],
    ["fewer bytes", (entry) => ({ ...entry, sizeBytes: 11 }), "expands to more than 11 bytes"],
    ["a truncated frame", (entry) => moved(entry, { length: -1 }), "not a zstd frame: "],
    ["bytes that are no frame", (entry) => moved(entry, { offset: 1, length: -1 }), "not a zstd frame: "],
    ["a pack of another size", (entry) => moved(entry, { packBytes: 1 }), "bytes, not "],
  ])("that it holds %s", async (_, claim, problem) => {
    const { bucket, record, key } = await bucketWith(claim);
    using _bucket = bucket;
    const what = expect.stringContaining(problem);
    expect((await check(bucket)).findings).toEqual([{ where: record, what, isRemoved: false }]);
    expect(bucket.has(record)).toBe(true);
    const { findings } = await check(bucket, { isRepairing: true });
    expect(findings).toEqual([{ where: record, what, isRemoved: true }]);
    expect([bucket.has(key), bucket.has(record), (await check(bucket)).findings]).toEqual([true, false, []]);
  });

  test("a frame that overlaps the next one, which is then unchecked", async () => {
    const { bucket, record, key } = await bucketWith((entry) => moved(entry, { length: 1 }));
    using _bucket = bucket;
    const { findings } = await check(bucket, { isRepairing: true });
    expect(findings).toMatchObject([
      { where: key, what: expect.stringContaining("can't both be"), isRemoved: false },
      { where: record, isRemoved: true },
    ]);
    expect([bucket.has(key), (await check(bucket)).findings]).toEqual([true, []]);
  });

  test.each([
    ["newer", -1000],
    ["older", 1000],
  ])("that contradicts a right record, also if the wrong one is %s", async (_, ageMs) => {
    const { bucket, record, key, first } = await bucketWith();
    using _bucket = bucket;
    const wrong = { ...first, outputId: entryOf("x").outputId };
    const liar = await bucket.run([wrong], { run: "2", ageMs });
    for (let rounds = 0; bucket.has(liar); rounds++) {
      expect(rounds).toBeLessThan(2);
      const { findings } = await check(bucket, { isRepairing: true });
      expect(findings.map(({ where }) => where)).toEqual([liar]);
    }
    expect([bucket.has(key), bucket.has(record), (await check(bucket)).findings]).toEqual([true, true, []]);
  });

  test("an endless frame, which is not expanded further than claimed", async () => {
    using bucket = new StockedBucket();
    const [entry] = (await bucket.pack(["\0".repeat(64 << 20)])) as [PackedEntry];
    await bucket.run([{ ...entry, sizeBytes: 1000 }]);
    const { findings } = await check(bucket);
    expect(findings[0]?.what).toContain("expands to more than 1000 bytes");
  });
});

test("two outputs claimed at the same offset are reported, and nothing is removed", async () => {
  const { bucket, key, record, first } = await bucketWith();
  using _bucket = bucket;
  const other = await bucket.run([moved(first, { offset: 5, length: -5 })], { run: "2" });
  const { findings } = await check(bucket, { isRepairing: true });
  expect(findings).toEqual([
    { where: key, what: expect.stringContaining("can't both be"), isRemoved: false },
  ]);
  expect([key, record, other].map((object) => bucket.has(object))).toEqual([true, true, true]);
});

describe("a bad record is found", () => {
  test.each([
    ["empty", () => Buffer.alloc(0)],
    ["corrupt", () => Buffer.from("nonsense")],
    ["above 8 MiB", () => Buffer.alloc((8 << 20) + 1)],
  ])("that is %s, and goes when repairing", async (_, bytes) => {
    const { bucket, record } = await bucketWith();
    using _bucket = bucket;
    await bucket.overwrite(record, bytes());
    expect((await check(bucket)).findings).toMatchObject([{ where: record, isRemoved: false }]);
    expect(bucket.has(record)).toBe(true);
    expect((await check(bucket, { isRepairing: true })).findings).toMatchObject([{ isRemoved: true }]);
    expect(bucket.has(record)).toBe(false);
  });

  test("but not if it has a later version", async () => {
    const { bucket, record } = await bucketWith();
    using _bucket = bucket;
    await bucket.overwrite(record, compressFrame(new TextEncoder().encode('{"version":3}')));
    const { report, findings } = await check(bucket, { isRepairing: true });
    expect([findings, report.newerRecords, bucket.has(record)]).toEqual([[], 1, true]);
  });
});

/** A bucket with a segment of two rows, and `records` that name it. */
async function bucketWithSegment(records = 2) {
  const bucket = new StockedBucket();
  const segment = await bucket.segment(await bucket.pack(["first output", "second output"]));
  for (let run = 0; run < records; run++) await bucket.runOf([segment.ref], { run: String(run) });
  return { bucket, segment, keys: bucket.objects };
}

describe("a damaged segment is found once, and goes when repairing; its records stay and name what is missing:", () => {
  test.each<[string, number, (object: Uint8Array<ArrayBuffer>) => Uint8Array, string]>([
    ["with bytes that are no frame", 2, () => Buffer.from("x"), "not a zstd frame"],
    ["empty", 2, () => Buffer.alloc(0), "not a zstd frame"],
    ["of another content", 2, () => compressFrame(Buffer.from("x")), "has the SHA-256"],
    ["longer", 2, (object) => Buffer.concat([object, object]), "not exactly one zstd frame"],
    ["above the limit", 2, () => Buffer.alloc(6 << 20), "not a zstd frame"],
    ["that no record names", 0, () => Buffer.from("x"), "not a zstd frame"],
  ])("%s", async (_, records, change, reason) => {
    const { bucket, segment, keys } = await bucketWithSegment(records);
    using _bucket = bucket;
    await bucket.overwrite(segment.key, change(await packSegment(segment.bytes)));
    const what = expect.stringContaining(reason);
    expect((await check(bucket)).findings).toEqual([{ where: segment.key, what, isRemoved: false }]);
    const { findings } = await check(bucket, { isRepairing: true });
    expect(findings).toEqual([{ where: segment.key, what, isRemoved: true }]);
    expect(bucket.objects).toEqual(keys.filter((key) => key !== segment.key));
    const after = await check(bucket);
    expect([after.findings, after.report.absentSegments]).toEqual([[], Math.min(records, 1)]);
  });
});

describe("a segment is wrong, though its hash is right,", () => {
  const { order, ids, details } = layoutOf(2, 1, 0);
  const cases: [string, (bytes: Buffer) => unknown, string][] = [
    ["if its rows are not sorted", (bytes) => bytes.writeUInt32LE(0, 28), "is not sorted by action"],
    [
      "if two rows have one action",
      (bytes) => bytes.copyWithin(28, 24, 28).copyWithin(ids + 56, ids, ids + 28),
      "row 1 is not sorted by action",
    ],
    [
      "if a row is missing in the order of outputs",
      (bytes) => bytes.copyWithin(order, order + 2, order + 4),
      "does not have each row once",
    ],
    [
      "if the order of outputs has a row too many",
      (bytes) => bytes.writeUInt16LE(2, order),
      "does not have each row once",
    ],
    [
      "if its order of outputs is not sorted",
      (bytes) => bytes.writeUInt32LE(bytes.readUInt32LE(order) === 1 ? 0x10000 : 1, order),
      "is not sorted",
    ],
    [
      "if a row ends beyond its pack",
      (bytes) => bytes.writeUIntLE(1e9, details + 18, 6),
      "row 0 contradicts itself",
    ],
  ];
  const entries = [entryOf(""), { ...entryOf(""), actionId: "f".repeat(64), outputId: "e".repeat(64) }];
  test.each(cases)("%s", async (_, change, reason) => {
    using bucket = new StockedBucket();
    const pack = { id: "c".repeat(64), sizeBytes: 10, prefix: "team" };
    const placed = entries.map((entry) => ({ ...entry, place: { pack, offset: 0, length: 1 } }));
    const { bytes } = segmentOf(placed);
    expect(change(bytes)).toBeDefined();
    const wrong = newSegment(bytes);
    const key = await bucket.put(bucket.keys.segment(wrong.segment.id), await packSegment(bytes));
    expect((await check(bucket)).findings).toEqual([
      { where: key, what: expect.stringContaining(reason), isRemoved: false },
    ]);
    const record = await bucket.put(
      bucket.keys.shared("linux"),
      await recordOfSegments([refOf(wrong.segment)], { kind: "shared" }, [wrong]),
    );
    await bucket.remove(key);
    const { findings } = await check(bucket, { isRepairing: true });
    expect(findings).toEqual([{ where: record, what: expect.stringContaining(reason), isRemoved: true }]);
    expect(bucket.objects).toEqual([]);
  });
});

test("a record is wrong if its inline segment is another one, or has other rows than it says", async () => {
  using bucket = new StockedBucket();
  const [one, two] = [segmentOf([entryOf("")]), segmentOf([{ ...entryOf(""), actionId: "f".repeat(64) }])];
  const ref = refOf(one.segment);
  const other = await bucket.put(
    bucket.keys.shared("other"),
    await recordOfSegments([ref], {}, [{ segment: one.segment, bytes: two.bytes }]),
  );
  const rows = await bucket.put(
    bucket.keys.shared("rows"),
    await recordOfSegments([{ ...ref, rows: 2 }], {}, [one]),
  );
  const right = await bucket.put(bucket.keys.shared("right"), await recordOf([entryOf("")]));
  const { findings } = await check(bucket, { isRepairing: true });
  expect(findings).toEqual([
    { where: other, what: expect.stringContaining("has the SHA-256"), isRemoved: true },
    { where: rows, what: expect.stringContaining("has 1 rows, not 2"), isRemoved: true },
  ]);
  expect(bucket.objects).toEqual([right]);
});

test("a segment with a claim that a sound pack disproves goes when repairing, and the records that name it stay", async () => {
  using bucket = new StockedBucket();
  const [first, second] = (await bucket.pack(["first output", "second output"])) as [
    PackedEntry,
    PackedEntry,
  ];
  const wrong = await bucket.segment([{ ...first, sizeBytes: 13 }]);
  const right = await bucket.segment([second]);
  const records = [await bucket.runOf([wrong.ref, right.ref]), await bucket.runOf([wrong.ref], { run: "2" })];
  const { findings } = await check(bucket, { isRepairing: true });
  expect(findings).toEqual([
    { where: wrong.key, what: expect.stringContaining("expands to 12 bytes instead of 13"), isRemoved: true },
  ]);
  expect([...records, right.key].map((key) => bucket.has(key))).toEqual([true, true, true]);
  const after = await check(bucket);
  expect(after).toMatchObject({
    findings: [],
    report: { absentSegments: 1, segments: { count: 1 }, frames: 1 },
  });
});

test("each segment is read once, however many records name it; what lies below another prefix is left alone", async () => {
  const { bucket, segment } = await bucketWithSegment(20);
  using _bucket = bucket;
  const unnamed = await bucket.segment([entryOf("")]);
  await bucket.runOf([segment.ref, { ...unnamed.ref, prefix: "other" }], { run: "other" });
  bucket.store.calls.length = 0;
  const { report, findings } = await check(bucket);
  const reads = bucket.store.calls.filter((call) => call.includes("/segment/") && call.startsWith("get"));
  expect(reads.length).toBe(2);
  expect(new Set(reads)).toEqual(new Set([segment.key, unnamed.key].map((key) => `get ${key}`)));
  expect(findings).toEqual([]);
  expect(report).toMatchObject({
    records: 21,
    segments: { count: 2 },
    absentSegments: 0,
    frames: 2,
    absentPacks: 0,
  });
});

test("a truncated response is retried, and a pack is not removed if every retry fails", async () => {
  const { bucket, key } = await bucketWith();
  using _bucket = bucket;
  let failures = 1;
  const broken = async () => objectOf("some", { error: new Error("reset") });
  bucket.store.onGet = (requested, get) => (requested === key && failures-- > 0 ? broken() : get());
  expect((await check(bucket)).findings).toEqual([]);
  failures = 100;
  expect((await check(bucket, { isRepairing: true })).findings).toEqual([
    { where: key, what: "it can't be read: reset", isRemoved: false },
  ]);
  expect(bucket.has(key)).toBe(true);
});

test("a pack that is removed during the check is no finding", async () => {
  const { bucket, key } = await bucketWith();
  using _bucket = bucket;
  bucket.store.onGet = async (requested, get) => (requested === key ? undefined : await get());
  expect((await check(bucket)).findings).toEqual([]);
});

test("a failing listing fails the check", async () => {
  const { bucket, key } = await bucketWith();
  using _bucket = bucket;
  const failure = new Error("listing");
  bucket.store.list = () => {
    throw failure;
  };
  expect(await rejection(check(bucket))).toBe(failure);
  expect(bucket.has(key)).toBe(true);
});

test("a sound bucket is counted without findings", async () => {
  using bucket = new StockedBucket();
  const large = "x".repeat(3 << 20) + Array.from({ length: 200_000 }, (_, i) => i * i).join();
  const packs = [
    await bucket.pack(["a", "b", large, "c"]),
    await bucket.pack(["d"]),
    await bucket.pack(["gone"]),
  ];
  await bucket.run(packs.flat());
  await bucket.addition(packs[0] ?? []);
  const elsewhere = (await bucket.pack(["elsewhere"])) as [PackedEntry];
  await bucket.remove(bucket.keys.pack(packOf(elsewhere[0])));
  const pack = {
    id: packOf(elsewhere[0]),
    sizeBytes: elsewhere[0].place?.pack.sizeBytes ?? 0,
    prefix: "other",
  };
  await bucket.run([{ ...elsewhere[0], place: { pack, offset: 0, length: pack.sizeBytes } }, entryOf("")], {
    run: "2",
  });
  await bucket.remove(bucket.keys.pack(packOf(packs[2]?.[0])));
  const { report, findings } = await check(bucket);
  const bytesOf = (entries: PackedEntry[] = []) => entries[0]?.place?.pack.sizeBytes ?? 0;
  expect<object>({ report, findings }).toEqual({
    report: {
      name: `${bucket.store.name}/team/packed/v1/`,
      records: 3,
      newerRecords: 0,
      segments: { count: 0, sizeBytes: 0 },
      absentSegments: 0,
      packs: { count: 2, sizeBytes: bytesOf(packs[0]) + bytesOf(packs[1]) },
      frames: 5,
      absentPacks: 1,
    },
    findings: [],
  });
});

test("several rounds find the same if the claims exceed the memory limit", async () => {
  using bucket = new StockedBucket();
  const entries: PackedEntry[] = [];
  for (let i = 0; i < 40; i++) entries.push(...(await bucket.pack([`a${i}`, `b${i}`])));
  const bad = await bucket.run(entries);
  const corrupt = await bucket.run([], { run: "2" });
  await bucket.overwrite(corrupt, Buffer.from("x"));
  const wrong = bucket.keys.pack(packOf(entries[20]));
  await bucket.overwrite(wrong, Buffer.from("x"));
  const whole = await check(bucket);
  bucket.store.calls.length = 0;
  const parts = await check(bucket, { maxClaims: 20 });
  expect(bucket.store.calls.filter((call) => call === `get ${bad}`).length).toBeGreaterThan(3);
  expect(parts).toEqual(whole);
  expect(whole.findings.map(({ where }) => where)).toEqual([corrupt, wrong]);
  expect(whole.report).toMatchObject({ records: 2, packs: { count: 40 }, frames: 80, absentPacks: 0 });
});
