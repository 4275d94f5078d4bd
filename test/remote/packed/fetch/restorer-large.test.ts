/** Outputs that are too large for memory: above 8 MiB compressed, or above 32 MiB. */
import { describe, expect, test } from "bun:test";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { rejection } from "../../../support/rejection.ts";
import { noise } from "../../../support/seed.ts";
import { failGets, takeCalls } from "../failing-store.ts";
import { Machine, packBytes } from "../packed-fixture.ts";
import { packOf, StockedBucket } from "../stocked-bucket.ts";

/** Its frame is larger than 8 MiB, for it can't be made smaller. */
const RANDOM = noise((8 << 20) + 1000);
/** A few kilobytes as a frame. */
const ZEROS = Buffer.alloc((32 << 20) + 1);
const SMALL = Buffer.from("small");

/** A bucket with one of them beside a small output, and a machine with nothing. */
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
    fixture.restorer.prefetch(fixture.entries);
    await fixture.restorer.idle();
    expect(filesBelow(fixture.machine.dir.join("output"))).toHaveLength(1);
    expect(fixture.bucket.store.calls).toEqual([expect.stringMatching(/ \d+\+\d+$/)]);
  });

  test("comes when it is asked for, once for all who wait, and is recorded", async () => {
    using fixture = await stocked(body);
    const [entry] = fixture.entries;
    const brought = [fixture.restorer.bring(entry), fixture.restorer.bring(entry)];
    expect([await Promise.all(brought), fixture.bucket.store.calls.length]).toEqual([[true, true], 1]);
    const { outputId, sizeBytes } = entry;
    expect(fixture.machine.local.get(entry.actionId)).toMatchObject({ outputId, sizeBytes });
    expect(await fixture.restorer.bring(entry)).toBe(true);
    expect(fixture.bucket.store.calls).toHaveLength(1);
  });
});

test("a frame that stands for far more than it should is wrong, and its pack is no good", async () => {
  using fixture = await stocked(RANDOM, Bun.zstdCompressSync(Buffer.alloc(64 << 20)));
  const [{ place, ...entry }] = fixture.entries;
  const large = { ...entry, sizeBytes: ZEROS.length, place };
  expect(await rejection(fixture.restorer.bring(large))).toMatchObject({ name: "WrongBytesError" });
  expect(fixture.bad).toEqual([[packOf(large), expect.stringContaining("it is too long")]]);
});

test("a pack that is gone, or cut off, is noted and a miss", async () => {
  using fixture = await stocked(RANDOM);
  const [entry] = fixture.entries;
  const key = fixture.bucket.keys.pack(packOf(entry));
  await fixture.bucket.overwrite(key, Buffer.alloc(1 << 20));
  expect(await fixture.restorer.bring(entry)).toBe(false);
  await fixture.bucket.remove(key);
  expect(await fixture.restorer.bring(entry)).toBe(false);
  expect(fixture.bad).toEqual([
    [packOf(entry), expect.stringContaining("beyond")],
    [packOf(entry), "gone"],
  ]);
});

test("a store that fails is an error, and the next who asks tries again", async () => {
  using fixture = await stocked(RANDOM);
  const { onGet } = fixture.bucket.store;
  failGets(fixture.bucket.store, "pack/");
  expect(await rejection(fixture.restorer.bring(fixture.entries[0]))).toEqual(new Error("503"));
  fixture.bucket.store.onGet = onGet;
  expect([await fixture.restorer.bring(fixture.entries[0]), fixture.bad]).toEqual([true, []]);
});
