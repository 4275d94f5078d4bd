import { describe, expect, test } from "bun:test";
import { planFetches } from "../../../../src/remote/packed/fetch/fetch-plan.ts";
import { isBadPack, streamFrames } from "../../../../src/remote/packed/fetch/pack-stream.ts";
import { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import type { Place } from "../../../../src/remote/packed/format/entry.ts";
import { objectOf, type TamperedStore } from "../../../store/tampered-store.ts";
import { rejection } from "../../../support/rejection.ts";
import { failGets, takeCalls } from "../failing-store.ts";
import { entryOf, StockedBucket } from "../stocked-bucket.ts";

const PACK = { id: "0a".repeat(32), sizeBytes: 10, prefix: "" };
/** Three outputs of a pack of ten bytes: `0123`, `45`, `6789`. */
const PLACES: Place[] = [
  { pack: PACK, offset: 0, length: 4 },
  { pack: PACK, offset: 4, length: 2 },
  { pack: PACK, offset: 6, length: 4 },
];

/** Streams those places from `key` in one request. `frames`: the frames received; `ended`: whether the pack exists. */
function stream(store: TamperedStore, key: string, places = PLACES) {
  const frames: string[] = [];
  const outputs = places.map((place) => new WantedOutput(entryOf(String(place.offset)), place));
  const [fetch, ...others] = planFetches(outputs);
  if (fetch === undefined || others.length > 0) throw new Error("that is not one request");
  const signal = new AbortController().signal;
  const onFrame = (_: WantedOutput, frame: Uint8Array) => frames.push(Buffer.from(frame).toString());
  let received = 0;
  const onBytes = (count: number) => {
    received += count;
  };
  const bytes = streamFrames({ store, key, fetch, signal, onBytes, onFrame });
  return {
    frames,
    ended: bytes.then((all) => {
      if (all !== undefined) expect(received).toBe(all.length);
      return all !== undefined;
    }),
  };
}

/** A bucket with a pack of this content. */
async function stocked(content = "0123456789"): Promise<StockedBucket & { key: string }> {
  const bucket = new StockedBucket();
  const key = await bucket.put(bucket.keys.pack(PACK.id), Buffer.from(content));
  takeCalls(bucket.store);
  return Object.assign(bucket, { key });
}

test("a fetch of a whole pack sends no range, and passes on each frame", async () => {
  using bucket = await stocked();
  const { frames, ended } = stream(bucket.store, bucket.key);
  expect([await ended, frames, bucket.store.calls]).toEqual([
    true,
    ["0123", "45", "6789"],
    [`get ${bucket.key}`],
  ]);
});

test("a fetch of a part sends a range, and passes on only wanted frames", async () => {
  using bucket = await stocked();
  const pack = { ...PACK, sizeBytes: 11 };
  const places = PLACES.filter((_, n) => n !== 1).map((place) => ({ ...place, pack }));
  const { frames, ended } = stream(bucket.store, bucket.key, places);
  expect([await ended, frames, bucket.store.calls]).toEqual([
    true,
    ["0123", "6789"],
    [`get ${bucket.key} 0+10`],
  ]);
});

test("each frame is passed on with its last byte, for any chunks of the body", async () => {
  using bucket = await stocked();
  const chunks = ["0", "1234", "567", "", "89"];
  const before: string[][] = [];
  const result = Promise.withResolvers<ReturnType<typeof stream>>();
  bucket.store.onGet = async () => {
    const { frames } = await result.promise;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          before.push([...frames]);
          const chunk = chunks.shift();
          if (chunk === undefined) controller.close();
          else controller.enqueue(Buffer.from(chunk));
        },
      },
      { highWaterMark: 0 },
    );
    return { ...objectOf(""), body };
  };
  result.resolve(stream(bucket.store, bucket.key));
  expect(await (await result.promise).ended).toBe(true);
  expect(before).toEqual([[], [], ["0123"], ["0123", "45"], ["0123", "45"], ["0123", "45", "6789"]]);
});

test("the result is undefined if the pack is gone", async () => {
  using bucket = new StockedBucket();
  const { frames, ended } = stream(bucket.store, bucket.keys.pack(PACK.id));
  expect([await ended, frames]).toEqual([false, []]);
});

describe("a pack is bad if it", () => {
  const part = PLACES.slice(1).map((place) => ({ ...place, pack: { ...PACK, sizeBytes: 1_000 } }));

  test.each([
    ["is longer", "0123456789x", PLACES, ["0123", "45", "6789"]],
    ["is shorter", "01234567", PLACES, ["0123", "45"]],
    ["is empty", "", PLACES, []],
    ["ends within the wanted part", "01234567", part, []],
    ["ends before the wanted part", "012", part, []],
  ])("%s", async (_, content, places, allFrames) => {
    using bucket = await stocked(content);
    const { frames, ended } = stream(bucket.store, bucket.key, places as Place[]);
    expect(isBadPack(await rejection(ended))).toBe(true);
    // Frames received before the error are checked like all others.
    expect(allFrames.slice(0, frames.length)).toEqual(frames);
  });
});

test("a failing store or a truncated body does not make a pack bad", async () => {
  using bucket = await stocked();
  failGets(bucket.store, PACK.id);
  const failed = await rejection(stream(bucket.store, bucket.key).ended);
  bucket.store.onGet = async () => objectOf("01234567", { error: new Error("reset") });
  const { frames, ended } = stream(bucket.store, bucket.key);
  const broken = await rejection(ended);
  expect([failed, broken, frames]).toEqual([new Error("503"), new Error("reset"), ["0123", "45"]]);
  expect([isBadPack(failed), isBadPack(broken)]).toEqual([false, false]);
});
