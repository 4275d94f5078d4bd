import { expect, test } from "bun:test";
import { type Digester, digestRecords } from "../../../../src/remote/packed/bucket/digest-records.ts";
import { PackedBucket } from "../../../../src/remote/packed/bucket/packed-bucket.ts";
import { rejection } from "../../../support/rejection.ts";
import { entryOf, StockedBucket } from "../stocked-bucket.ts";

type Digest = { rows: number };

const ROWS: Digester<Digest> = { digest: ({ segment: { rows } }) => ({ rows }) };

async function digest(bucket: StockedBucket, keys: readonly string[], digester = ROWS) {
  const refs = keys.map((key) => ({ key, sizeBytes: 0 }));
  return await Array.fromAsync(digestRecords(new PackedBucket(bucket), refs, digester));
}

function reads(bucket: StockedBucket): string[] {
  return bucket.store.calls.filter((call) => call.startsWith("get") && call.includes("/segment/"));
}

/** A bucket with `count` segments, and a record of each pair of them. */
async function bucketWith(count: number) {
  const bucket = new StockedBucket();
  const segments = await Promise.all(
    Array.from({ length: count }, (_, n) => bucket.segment([{ ...entryOf(""), putTimeMs: n }])),
  );
  const keys: string[] = [];
  for (const one of segments)
    for (const other of segments)
      keys.push(await bucket.runOf([one.ref, other.ref], { run: String(keys.length) }));
  bucket.store.calls.length = 0;
  return { bucket, segments, keys };
}

test("a request that fails ends the walk, though others wait for the same segment", async () => {
  const { bucket, segments, keys } = await bucketWith(3);
  using _bucket = bucket;
  bucket.store.onGet = async (key, get) => {
    if (key === segments[1]?.key) throw new Error("reset");
    return await get();
  };
  expect(String(await rejection(digest(bucket, keys)))).toContain("reset");
});

test("a request that fails below another prefix is a fault of that segment alone", async () => {
  const { bucket, segments } = await bucketWith(1);
  using _bucket = bucket;
  const [ref] = segments.map((segment) => ({ ...segment.ref, prefix: "other" }));
  const key = await bucket.runOf(ref === undefined ? [] : [ref], { run: "x" });
  bucket.store.onGet = async (at, get) => {
    if (at.startsWith("other/")) throw new Error("denied");
    return await get();
  };
  const [read] = await digest(bucket, [key]);
  expect(read?.segments).toMatchObject([{ digest: undefined, fault: { reason: "denied", of: "segment" } }]);
});

test("each segment is read once, though records that name it are read at the same time", async () => {
  const { bucket, segments, keys } = await bucketWith(4);
  using _bucket = bucket;
  const read = await digest(bucket, keys);
  expect(read.map(({ ref }) => ref.key)).toEqual(keys);
  for (const { segments: each } of read)
    expect(each).toMatchObject([{ digest: { rows: 1 } }, { digest: { rows: 1 } }]);
  expect(reads(bucket).length).toBe(segments.length);
});

test("only the wanted ones are read", async () => {
  const { bucket, segments, keys } = await bucketWith(2);
  using _bucket = bucket;
  const read = await digest(bucket, keys, { ...ROWS, isWanted: ({ id }) => id === segments[0]?.segment.id });
  expect(read.map(({ segments: each }) => each.length)).toEqual([2, 1, 1, 0]);
  expect(reads(bucket)).toEqual([`get ${segments[0]?.key}`]);
});

test("heavy digests are forgotten, and made again when they are needed", async () => {
  const { bucket, segments, keys } = await bucketWith(3);
  using _bucket = bucket;
  const read = await digest(bucket, keys, { ...ROWS, weigh: () => 200 << 20 });
  expect(read.every(({ segments: each }) => each.every(({ digest: made }) => made?.rows === 1))).toBe(true);
  expect(reads(bucket).length).toBeGreaterThan(segments.length);
});
