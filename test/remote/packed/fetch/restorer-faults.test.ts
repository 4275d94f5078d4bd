/** Packs that are no good, a bucket and a disk that fail. */
import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { Claims } from "../../../../src/remote/packed/fetch/claims.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { openLocal } from "../../../buildcache/local-fixture.ts";
import { immutable } from "../../../support/full-disk.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { testOnLinux } from "../../../support/platform.ts";
import { rejection } from "../../../support/rejection.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { failGets } from "../failing-store.ts";
import { packBytes } from "../packed-fixture.ts";
import { entryOf, packOf } from "../stocked-bucket.ts";
import { openRestorer, pack, texts } from "./restorer-fixture.ts";

describe("a pack that", () => {
  test("is gone makes a miss of what lies there, and is asked for elsewhere", async () => {
    using opened = openRestorer();
    const [gone] = await pack(opened, "hello", "a");
    const [there] = await pack(opened, "hello", "b");
    await opened.bucket.remove(opened.bucket.keys.pack(packOf(gone)));
    expect([await opened.restorer.bring(gone), opened.bad]).toEqual([false, [[packOf(gone), "gone"]]]);
    expect([await opened.restorer.bring(there), await texts(opened, [there])]).toEqual([true, ["hello"]]);
  });

  test("was altered in one frame is no good for that one, and good for the others", async () => {
    using opened = openRestorer();
    const entries = await packBytes(
      opened.bucket,
      ["a", "b", "c"].map((text) => ({
        body: Buffer.from(text),
        ...(text === "b" ? { frame: Bun.zstdCompressSync("x") } : {}),
      })),
    );
    opened.restorer.prefetch(entries);
    expect(await rejection(opened.restorer.bring(entries[1] as PackedEntry))).toMatchObject({
      name: "WrongBytesError",
    });
    await opened.restorer.idle();
    expect([await texts(opened, entries), opened.bad]).toEqual([
      ["a", undefined, "c"],
      [[packOf(entries[1]), expect.stringContaining(`has the SHA-256 ${sha256Hex("x")}`)]],
    ]);
  });

  test("holds another large output is no good for that one", async () => {
    using opened = openRestorer();
    const frame = Bun.zstdCompressSync(Buffer.alloc(200_000, "y"));
    const [entry] = (await packBytes(opened.bucket, [{ body: Buffer.alloc(200_000, "x"), frame }])) as [
      PackedEntry,
    ];
    opened.restorer.prefetch([entry]);
    await opened.restorer.idle();
    expect([opened.bad.length, await texts(opened, [entry])]).toEqual([1, [undefined]]);
  });

  test("was cut off is no good, and no reason to think ill of the store", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello", "world");
    await opened.bucket.overwrite(opened.bucket.keys.pack(packOf(entry)), Buffer.alloc(3));
    expect([await opened.restorer.bring(entry), opened.bad.map(([id]) => id)]).toEqual([
      false,
      [packOf(entry)],
    ]);
  });

  test("can't be read is an error for those who wait, and is tried again by the next", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello");
    const { onGet } = opened.bucket.store;
    failGets(opened.bucket.store, "pack/");
    expect(await rejection(opened.restorer.bring(entry))).toEqual(new Error("503"));
    opened.bucket.store.onGet = onGet;
    expect([await opened.restorer.bring(entry), opened.bad]).toEqual([true, []]);
  });
});

test("what another helper fetches, too slowly, is an error that says nothing of the store", async () => {
  // A tenth of a second, for the grace of a body comes on top.
  using opened = openRestorer({ timeoutMs: -900 });
  const [entry] = await pack(opened, "hello");
  new Claims(opened.machine.dir.join("state", "claims")).take(packOf(entry));
  const error = await rejection(opened.restorer.bring(entry));
  expect([(error as Error).name, opened.bucket.store.calls, opened.bad]).toEqual(["NotAskedError", [], []]);
  opened.restorer.stop();
});

testOnLinux(
  "a disk that takes nothing is a miss, and no fault of the pack; the next may find it in order",
  async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello");
    mkdirSync(opened.machine.dir.join("tmp"));
    {
      using _closed = immutable(opened.machine.dir.join("tmp"));
      expect([await opened.restorer.bring(entry), opened.bad]).toEqual([false, []]);
    }
    expect(await opened.restorer.bring(entry)).toBe(true);
  },
);

test("an empty output that the disk does not take holds up nothing that is prefetched with it", async () => {
  using dir = tempDir("restorer");
  const { local } = openLocal(dir.path);
  const empty = entryOf("");
  const createOutput = (outputId: string) => {
    if (outputId === empty.outputId) throw new Error("ENOSPC");
    return local.createOutput(outputId);
  };
  using opened = openRestorer({
    local: {
      createOutput,
      findOutput: (outputId) => local.findOutput(outputId),
      putRecord: (...record) => local.putRecord(...record),
    },
  });
  const [hello] = await pack(opened, "hello");
  opened.restorer.prefetch([hello, empty]);
  expect([await opened.restorer.bring(hello), await opened.restorer.bring(empty)]).toEqual([true, false]);
});
