import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { expandFrame } from "../../../../src/lib/bytes/zstd.ts";
import type { Place } from "../../../../src/remote/packed/format/entry.ts";
import { Packer, type PackerOptions } from "../../../../src/remote/packed/write/packer.ts";
import { Uploads } from "../../../../src/remote/packed/write/uploads.ts";
import { LocalDir } from "../../../../src/store/local/local-dir.ts";
import { untilAborted } from "../../../store/tampered-store.ts";
import { eventually } from "../../../support/eventually.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { noise } from "../../../support/seed.ts";
import { Machine } from "../packed-fixture.ts";
import { StockedBucket } from "../stocked-bucket.ts";

const KIBIBYTE = 1 << 10;
const MEBIBYTE = 1 << 20;

function open(options: Partial<PackerOptions> = {}) {
  const bucket = new StockedBucket();
  const machine = new Machine(bucket);
  const { store, keys, prefix } = bucket;
  const { counters } = machine;
  const uploads = new Uploads({ ...machine.health, store: machine.health.guard(store) });
  const createTemp = () => new LocalDir(machine.dir.path).createTemp();
  const packer = new Packer({ keys, prefix, uploads, counters, createTemp, concurrency: 4, ...options });
  const dispose = () => {
    machine[Symbol.dispose]();
    bucket[Symbol.dispose]();
  };
  return { bucket, machine, uploads, packer, [Symbol.dispose]: dispose };
}

/** The output in the bucket at that place. */
async function frameAt({ bucket }: ReturnType<typeof open>, place: Place | undefined) {
  if (place === undefined) throw new Error("it has no place");
  const { pack, offset, length } = place;
  const bytes = await Bun.file(bucket.dir.join(bucket.keys.pack(pack.id))).bytes();
  expect([bytes.length, sha256Hex(bytes), pack.prefix]).toEqual([pack.sizeBytes, pack.id, "team"]);
  return bytes.slice(offset, offset + length);
}

test("a flush uploads the unfinished packs, one of small outputs and one of the others", async () => {
  using fixture = open();
  const bodies = [Buffer.from("hello"), noise(32 * KIBIBYTE), Buffer.from("world"), noise(100_000)];
  const places = bodies.map((body) => fixture.packer.add(fixture.machine.entry(body)));
  await fixture.packer.flush();
  const [hello, large, world, larger] = await Promise.all(places);
  expect([hello?.pack, large?.pack]).toEqual([world?.pack, larger?.pack] as never);
  for (const [n, place] of [hello, large, world, larger].entries()) {
    const body = bodies[n] as Buffer;
    expect(Buffer.from(expandFrame(await frameAt(fixture, place), body.length)).equals(body)).toBe(true);
  }
  expect(fixture.bucket.store.calls).toHaveLength(2);
  expect(fixture.machine.counters.snapshot()).toMatchObject({ packs_written: 2, put_remote_object: 2 });
});

test("a flush without outputs uploads nothing", async () => {
  using fixture = open();
  await fixture.packer.flush();
  expect(fixture.bucket.store.calls).toEqual([]);
});

test("an output of two actions is uploaded once", async () => {
  using fixture = open();
  const places = [
    fixture.packer.add(fixture.machine.entry("hello")),
    fixture.packer.add(fixture.machine.entry("hello", "x")),
  ];
  await fixture.packer.flush();
  const [one, two] = await Promise.all(places);
  expect([one, one?.pack.sizeBytes]).toEqual([two, one?.length]);
  expect(await fixture.packer.add(fixture.machine.entry("hello"))).toEqual(one as Place);
});

test("a full pack is uploaded at once", async () => {
  using fixture = open();
  const places = [5, 4].map((size, index) =>
    fixture.packer.add(fixture.machine.entry(noise(size * MEBIBYTE, index))),
  );
  const [one, two] = await Promise.all(places);
  expect([one?.pack, one?.offset, two?.offset]).toEqual([two?.pack as never, 0, one?.length]);
});

test("concurrent uploads are limited by the option and by the memory limit", async () => {
  for (const [concurrency, allowed] of [
    [2, 2],
    [100, 4],
  ] as const) {
    using fixture = open({ concurrency });
    const { calls } = fixture.bucket.store;
    fixture.bucket.store.onPut = (_, __, signal) => untilAborted(signal);
    const bodies = Array.from({ length: allowed + 2 }, (_, index) => noise(8 * MEBIBYTE, index));
    const places = bodies.map((body) => fixture.packer.add(fixture.machine.entry(body)));
    await eventually("two uploads", () => calls.length >= 2);
    for (let n = 0; n < 100; n++) await new Promise(setImmediate);
    expect(calls.length).toBeLessThanOrEqual(allowed);
    fixture.uploads.abandon();
    expect(await Promise.all(places)).toEqual(places.map(() => undefined));
  }
});

describe("an output above 32 MiB", () => {
  const body = Buffer.alloc(32 * MEBIBYTE + 1, "large ");

  test("is a pack of its own, compressed in a temporary file that is removed", async () => {
    using fixture = open();
    const place = await fixture.packer.add(fixture.machine.entry(body));
    expect(place).toMatchObject({ offset: 0, length: place?.pack.sizeBytes });
    const frame = await frameAt(fixture, place);
    expect(sha256Hex(Bun.zstdDecompressSync(frame))).toBe(sha256Hex(body));
    expect(filesBelow(fixture.machine.dir.join("tmp"))).toEqual([]);
  });

  test("fails if the disk is full, or the bucket refuses it", async () => {
    using fixture = open({ createTemp: () => undefined });
    expect(await fixture.packer.add(fixture.machine.entry(body))).toBeUndefined();
    using other = open();
    other.bucket.store.onPut = () => Promise.reject(new Error("503"));
    expect(await other.packer.add(other.machine.entry(body))).toBeUndefined();
    expect(filesBelow(other.machine.dir.join("tmp"))).toEqual([]);
  });

  test("fails if its file can't be created", async () => {
    const fails = () => {
      throw new Error("EACCES");
    };
    using fixture = open({ createTemp: fails });
    const place = fixture.packer.add(fixture.machine.entry(body));
    await fixture.packer.flush();
    expect(await place).toBeUndefined();
  });

  test("fails if it is gone before it is packed", async () => {
    using fixture = open();
    const entry = fixture.machine.entry(body);
    rmSync(entry.path);
    expect(await fixture.packer.add(entry)).toBeUndefined();
    expect(fixture.machine.counters.snapshot()).toEqual({ put_skip_gone: 1 });
  });
});

test("an output that is gone or changed before it is packed is skipped, and can be added again", async () => {
  using fixture = open();
  const [gone, other, good] = ["gone", "other", "good"].map((text) => fixture.machine.entry(text));
  if (gone === undefined || other === undefined || good === undefined) throw new Error("no entries");
  rmSync(gone.path);
  writeFileSync(other.path, "OTHER");
  const places = [gone, other, good].map((entry) => fixture.packer.add(entry));
  await fixture.packer.flush();
  expect(await Promise.all(places)).toMatchObject([undefined, undefined, { offset: 0 }]);
  expect(fixture.machine.counters.get("put_skip_gone")).toBe(2);
  const again = fixture.packer.add(fixture.machine.entry("gone"));
  await fixture.packer.flush();
  expect(await again).toMatchObject({ offset: 0 });
});

test("an output that can't be packed fails, and the next one is uploaded", async () => {
  using fixture = open();
  const bad = fixture.machine.entry("bad");
  Object.defineProperty(bad, "path", {
    get: () => {
      throw new Error("no memory");
    },
  });
  const places = [bad, fixture.machine.entry("good")].map((entry) => fixture.packer.add(entry));
  await fixture.packer.flush();
  expect(await Promise.all(places)).toMatchObject([undefined, { offset: 0 }]);
});

test("once uploads are abandoned nothing more is read", async () => {
  using fixture = open();
  const gone = fixture.machine.entry("gone");
  rmSync(gone.path);
  fixture.uploads.abandon();
  const places = [gone, fixture.machine.entry("hello")].map((entry) => fixture.packer.add(entry));
  await fixture.packer.flush();
  expect([await Promise.all(places), fixture.machine.counters.snapshot()] as unknown[]).toEqual([
    [undefined, undefined],
    {},
  ]);
});

test("all outputs of a pack that the bucket refuses fail, and can be added again", async () => {
  using fixture = open();
  const { onPut } = fixture.bucket.store;
  fixture.bucket.store.onPut = () => Promise.reject(new Error("503"));
  const entries = ["hello", "world"].map((text) => fixture.machine.entry(text));
  const places = entries.map((entry) => fixture.packer.add(entry));
  await fixture.packer.flush();
  expect(await Promise.all(places)).toEqual([undefined, undefined]);
  fixture.bucket.store.onPut = onPut;
  const again = entries.map((entry) => fixture.packer.add(entry));
  await fixture.packer.flush();
  const [first] = await Promise.all(again);
  expect(first).toMatchObject({ offset: 0 });
});

describe("repacked outputs", () => {
  test("are in one pack, each once; those that are gone are skipped", async () => {
    using fixture = open();
    const [hello, gone, large] = ["hello", "gone", "x".repeat(100_000)].map((text) =>
      fixture.machine.entry(text),
    );
    if (hello === undefined || gone === undefined || large === undefined) throw new Error("no entries");
    rmSync(gone.path);
    const places = await fixture.packer.repack([hello, gone, large, hello]);
    expect([...places.keys()]).toEqual([hello.outputId, large.outputId]);
    const [one, two] = places.values();
    expect([one?.pack, one?.offset, two?.offset]).toEqual([two?.pack as never, 0, one?.length]);
    expect(fixture.bucket.store.calls).toHaveLength(1);
    expect(fixture.machine.counters.get("packs_rewritten")).toBe(1);
  });

  test("keep their places if the bucket refuses the pack, or all are gone", async () => {
    using fixture = open();
    expect(await fixture.packer.repack([])).toEqual(new Map());
    fixture.bucket.store.onPut = () => Promise.reject(new Error("503"));
    expect(await fixture.packer.repack([fixture.machine.entry("hello")])).toEqual(new Map());
    expect(fixture.bucket.store.calls).toHaveLength(1);
  });
});
