import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { zstdCompressSync } from "node:zlib";
import { fetchLargeOutput } from "../../../../src/remote/packed/fetch/large-output.ts";
import { isBadPack } from "../../../../src/remote/packed/fetch/pack-stream.ts";
import type { PackedEntry, Place } from "../../../../src/remote/packed/format/entry.ts";
import { objectOf } from "../../../store/tampered-store.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { immutable } from "../../../support/full-disk.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { testOnLinux } from "../../../support/platform.ts";
import { rejection } from "../../../support/rejection.ts";
import { noise } from "../../../support/seed.ts";
import { failGets, hangGets, takeCalls } from "../failing-store.ts";
import { Machine, packBytes } from "../packed-fixture.ts";
import { StockedBucket } from "../stocked-bucket.ts";

/** Incompressible, so that the frame arrives in many chunks. */
const BODY = noise(1 << 20);
const FRAME = zstdCompressSync(BODY);

/** A bucket with that output between two others, and a machine with an empty cache. */
async function stocked(frame: Uint8Array = FRAME) {
  const bucket = new StockedBucket();
  const machine = new Machine(bucket);
  const around = { body: Buffer.from("around") };
  const [, entry] = await packBytes(bucket, [around, { body: BODY, frame }, around]);
  takeCalls(bucket.store);
  const fetch = (signal = new AbortController().signal, changes: Partial<PackedEntry> = {}) => {
    const wanted = { ...(entry as PackedEntry), ...changes };
    const { store } = bucket;
    return fetchLargeOutput({
      store,
      entry: wanted,
      place: wanted.place as Place,
      local: machine.local,
      signal,
      isLong: false,
      onBytes: () => {},
    });
  };
  const dispose = () => {
    machine[Symbol.dispose]();
    bucket[Symbol.dispose]();
  };
  return { bucket, machine, entry: entry as PackedEntry, fetch, [Symbol.dispose]: dispose };
}

const OUTPUT_PATH = `output/${sha256Hex(BODY).slice(0, 2)}/${sha256Hex(BODY)}`;

test("a large output is expanded as it streams in, from a range of its pack", async () => {
  using fixture = await stocked();
  expect(await fixture.fetch()).toBe(true);
  const { offset, length } = fixture.entry.place as Place;
  expect(fixture.bucket.store.calls).toEqual([expect.stringContaining(` ${offset}+${length}`)]);
  const bytes = await Bun.file(fixture.machine.dir.join(OUTPUT_PATH)).bytes();
  expect([bytes.length, sha256Hex(bytes)]).toEqual([BODY.length, sha256Hex(BODY)]);
});

test("the result is false if the pack is gone", async () => {
  using fixture = await stocked();
  await fixture.bucket.remove(fixture.bucket.keys.pack(fixture.entry.place?.pack.id ?? ""));
  expect([await fixture.fetch(), filesBelow(fixture.machine.dir.path)]).toEqual([false, []]);
});

describe("wrong bytes are an error and leave no file:", () => {
  const altered = Uint8Array.from(FRAME);
  altered.fill(0, 1 << 19, (1 << 19) + 100);

  test.each([
    ["a frame that is altered", altered],
    ["a frame of another output", zstdCompressSync(noise(1 << 20, 1))],
    ["a frame of a shorter output", zstdCompressSync(BODY.subarray(1))],
    ["a frame of a far larger output", zstdCompressSync(Buffer.alloc(64 << 20))],
    ["a truncated frame", FRAME.subarray(0, -10)],
    ["no frame", BODY],
  ])("%s", async (_, frame) => {
    using fixture = await stocked(frame);
    expect(await rejection(fixture.fetch())).toMatchObject({ name: "WrongBytesError" });
    expect(filesBelow(fixture.machine.dir.path)).toEqual([]);
  });
});

describe("a failure leaves no file:", () => {
  test("a pack that is shorter than its record says, which is a bad pack", async () => {
    using fixture = await stocked();
    const { pack } = fixture.entry.place as Place;
    await fixture.bucket.overwrite(fixture.bucket.keys.pack(pack.id), FRAME.subarray(0, 1 << 19));
    expect(isBadPack(await rejection(fixture.fetch()))).toBe(true);
  });

  test("a store that fails", async () => {
    using fixture = await stocked();
    failGets(fixture.bucket.store, "pack/");
    expect(await rejection(fixture.fetch())).toEqual(new Error("503"));
  });

  test("a truncated body", async () => {
    using fixture = await stocked();
    fixture.bucket.store.onGet = async () => ({ ...objectOf(""), body: breakingBody() });
    expect(await rejection(fixture.fetch())).toEqual(new Error("reset"));
    expect(filesBelow(fixture.machine.dir.path)).toEqual([]);
  });

  test("a hanging body, which ends with the session", async () => {
    using fixture = await stocked();
    hangGets(fixture.bucket.store, "pack/", "half");
    const controller = new AbortController();
    const fetched = rejection(fixture.fetch(controller.signal));
    await new Promise(setImmediate);
    controller.abort(new Error("the session has ended"));
    expect(await fetched).toEqual(new Error("the session has ended"));
    expect(filesBelow(fixture.machine.dir.path)).toEqual([]);
  });

  testOnLinux("a disk that refuses writes, and the body is cancelled", async () => {
    using fixture = await stocked();
    mkdirSync(fixture.machine.dir.join("tmp"));
    using _closed = immutable(fixture.machine.dir.join("tmp"));
    const cancelled = Promise.withResolvers<void>();
    fixture.bucket.store.onGet = async () => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(Uint8Array.from(FRAME)),
        cancel: () => cancelled.resolve(),
      });
      return { ...objectOf(""), body };
    };
    expect(await rejection(fixture.fetch())).toMatchObject({ code: "EPERM" });
    await cancelled.promise;
  });
});

/** The first half of the frame, then an error. */
function breakingBody(): ReadableStream<Uint8Array> {
  const half = Uint8Array.from(FRAME.subarray(0, 1 << 19));
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(half),
    pull: (controller) => controller.error(new Error("reset")),
  });
}

test("an output that claims more than 5 GiB is not requested", async () => {
  using fixture = await stocked();
  const changes = { sizeBytes: 5 * 2 ** 30 + 1 };
  const error = await rejection(fixture.fetch(new AbortController().signal, changes));
  expect(String(error)).toContain("too large");
  expect(takeCalls(fixture.bucket.store)).toEqual([]);
});
