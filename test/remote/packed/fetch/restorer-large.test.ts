/** Outputs that are too large for memory: above 8 MiB compressed, or above 32 MiB. */
import { describe, expect, test } from "bun:test";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { rejection } from "../../../support/rejection.ts";
import { noise } from "../../../support/seed.ts";
import { failGets, takeCalls } from "../failing-store.ts";
import { planOf } from "../made-record.ts";
import { Machine, packBytes } from "../packed-fixture.ts";
import { packOf, StockedBucket } from "../stocked-bucket.ts";

/** Incompressible, so its frame is larger than 8 MiB. */
const RANDOM = noise((8 << 20) + 1000);
/** Its frame has a few kilobytes. */
const ZEROS = Buffer.alloc((32 << 20) + 1);
const SMALL = Buffer.from("small");

/** A bucket with one of them and a small output, and a machine with an empty cache. */
async function stocked(body: Uint8Array<ArrayBuffer>, frame?: Uint8Array) {
  const bucket = new StockedBucket();
  const machine = new Machine(bucket);
  const large = frame === undefined ? { body } : { body, frame };
  const entries = (await packBytes(bucket, [large, { body: SMALL }])) as [PackedEntry, PackedEntry];
  takeCalls(bucket.store);
  const dispose = () => {
    machine[Symbol.dispose]();
    bucket[Symbol.dispose]();
  };
  return { bucket, machine, entries, ...machine.restorer(), [Symbol.dispose]: dispose };
}

describe.each([
  ["above 8 MiB compressed", RANDOM],
  ["above 32 MiB", ZEROS],
])("an output %s", (_, body) => {
  test("is not prefetched", async () => {
    using fixture = await stocked(body);
    fixture.restorer.prefetch(planOf(...fixture.entries));
    await fixture.restorer.idle();
    expect(filesBelow(fixture.machine.dir.join("output"))).toHaveLength(1);
    expect(fixture.bucket.store.calls).toEqual([expect.stringMatching(/ \d+\+\d+$/)]);
  });

  test("is fetched on request, once for all waiting callers, and recorded", async () => {
    using fixture = await stocked(body);
    const [entry] = fixture.entries;
    const fetched = [fixture.restorer.fetch(entry), fixture.restorer.fetch(entry)];
    expect([await Promise.all(fetched), fixture.bucket.store.calls.length]).toEqual([[true, true], 1]);
    const { outputId, sizeBytes } = entry;
    expect(fixture.machine.local.get(entry.actionId)).toMatchObject({ outputId, sizeBytes });
    expect(await fixture.restorer.fetch(entry)).toBe(true);
    expect(fixture.bucket.store.calls).toHaveLength(1);
  });
});

test.each([
  ["go waits for it: as long as its size allows", false],
  ["a command waits for all: as long as enough arrives", true],
])("a large output may take, where %s", async (_, isWatched) => {
  using fixture = await stocked(RANDOM);
  const { store } = fixture.bucket;
  const get = store.get.bind(store);
  const asked: (boolean | undefined)[] = [];
  store.get = (key, options) => {
    asked.push(options?.isLong);
    return get(key, options);
  };
  using _watch = isWatched ? fixture.restorer.watch() : undefined;
  expect([await fixture.restorer.fetch(fixture.entries[0]), asked]).toEqual([true, [isWatched]]);
});

test("a frame that expands to far more than its size is wrong, and its pack is bad", async () => {
  using fixture = await stocked(RANDOM, Bun.zstdCompressSync(Buffer.alloc(64 << 20)));
  const [{ place, ...entry }] = fixture.entries;
  const large = { ...entry, sizeBytes: ZEROS.length, place };
  expect(await rejection(fixture.restorer.fetch(large))).toMatchObject({ name: "WrongBytesError" });
  expect(fixture.bad).toEqual([[packOf(large), expect.stringContaining("it is too long")]]);
});

test("a missing or truncated pack is reported as bad and a miss", async () => {
  using fixture = await stocked(RANDOM);
  const [entry] = fixture.entries;
  const key = fixture.bucket.keys.pack(packOf(entry));
  await fixture.bucket.overwrite(key, Buffer.alloc(1 << 20));
  expect(await fixture.restorer.fetch(entry)).toBe(false);
  await fixture.bucket.remove(key);
  expect(await fixture.restorer.fetch(entry)).toBe(false);
  expect(fixture.bad).toEqual([
    [packOf(entry), expect.stringContaining("beyond")],
    [packOf(entry), "gone"],
  ]);
});

test("a failing store is an error, and the next call retries", async () => {
  using fixture = await stocked(RANDOM);
  const { onGet } = fixture.bucket.store;
  failGets(fixture.bucket.store, "pack/");
  expect(await rejection(fixture.restorer.fetch(fixture.entries[0]))).toEqual(new Error("503"));
  fixture.bucket.store.onGet = onGet;
  expect([await fixture.restorer.fetch(fixture.entries[0]), fixture.bad]).toEqual([true, []]);
});
