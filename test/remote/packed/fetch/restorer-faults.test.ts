/** Bad packs, and failures of the bucket and the disk. */
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
import { planOf } from "../made-record.ts";
import { packBytes } from "../packed-fixture.ts";
import { entryOf, packOf } from "../stocked-bucket.ts";
import { openRestorer, pack, texts } from "./restorer-fixture.ts";

describe("a pack that", () => {
  test("is gone is a miss for its outputs, which are fetched from other packs", async () => {
    using opened = openRestorer();
    const [gone] = await pack(opened, "hello", "a");
    const [there] = await pack(opened, "hello", "b");
    await opened.bucket.remove(opened.bucket.keys.pack(packOf(gone)));
    expect([await opened.restorer.fetch(gone), opened.bad]).toEqual([false, [[packOf(gone), "gone"]]]);
    expect([await opened.restorer.fetch(there), await texts(opened, [there])]).toEqual([true, ["hello"]]);
  });

  test("is altered in one frame fails for that output only", async () => {
    using opened = openRestorer();
    const entries = await packBytes(
      opened.bucket,
      ["a", "b", "c"].map((text) => ({
        body: Buffer.from(text),
        ...(text === "b" ? { frame: Bun.zstdCompressSync("x") } : {}),
      })),
    );
    opened.restorer.prefetch(planOf(...entries));
    expect(await rejection(opened.restorer.fetch(entries[1] as PackedEntry))).toMatchObject({
      name: "WrongBytesError",
    });
    await opened.restorer.idle();
    expect([await texts(opened, entries), opened.bad]).toEqual([
      ["a", undefined, "c"],
      [[packOf(entries[1]), expect.stringContaining(`has the SHA-256 ${sha256Hex("x")}`)]],
    ]);
  });

  test("contains another large output fails for that output", async () => {
    using opened = openRestorer();
    const frame = Bun.zstdCompressSync(Buffer.alloc(200_000, "y"));
    const [entry] = (await packBytes(opened.bucket, [{ body: Buffer.alloc(200_000, "x"), frame }])) as [
      PackedEntry,
    ];
    opened.restorer.prefetch(planOf(entry));
    await opened.restorer.idle();
    expect([opened.bad.length, await texts(opened, [entry])]).toEqual([1, [undefined]]);
  });

  test("is truncated is bad, and does not count as a failure of the store", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello", "world");
    await opened.bucket.overwrite(opened.bucket.keys.pack(packOf(entry)), Buffer.alloc(3));
    expect([await opened.restorer.fetch(entry), opened.bad.map(([id]) => id)]).toEqual([
      false,
      [packOf(entry)],
    ]);
  });

  test("can't be read is an error for waiting callers, and the next call retries", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello");
    const { onGet } = opened.bucket.store;
    failGets(opened.bucket.store, "pack/");
    expect(await rejection(opened.restorer.fetch(entry))).toEqual(new Error("503"));
    opened.bucket.store.onGet = onGet;
    expect([await opened.restorer.fetch(entry), opened.bad]).toEqual([true, []]);
  });
});

test("waiting too long for another helper does not count as a failure of the store", async () => {
  // A tenth of a second, to which the time limit of a body is added.
  using opened = openRestorer({ timeoutMs: -900 });
  const [entry] = await pack(opened, "hello");
  new Claims(opened.machine.dir.join("state", "claims")).take(packOf(entry));
  const error = await rejection(opened.restorer.fetch(entry));
  expect([(error as Error).name, opened.bucket.store.calls, opened.bad]).toEqual(["NotSentError", [], []]);
  opened.restorer.stop();
});

testOnLinux("a disk that refuses writes is a miss, not a bad pack, and the next call retries", async () => {
  using opened = openRestorer();
  const [entry] = await pack(opened, "hello");
  mkdirSync(opened.machine.dir.join("tmp"));
  {
    using _closed = immutable(opened.machine.dir.join("tmp"));
    expect([await opened.restorer.fetch(entry), opened.bad]).toEqual([false, []]);
  }
  expect(await opened.restorer.fetch(entry)).toBe(true);
});

test("an empty output that the disk refuses does not block the rest of the prefetch", async () => {
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
      get: (actionId) => local.get(actionId),
      has: (actionId) => local.has(actionId),
      findOutput: (outputId) => local.findOutput(outputId),
      putRecord: (...record) => local.putRecord(...record),
    },
  });
  const [hello] = await pack(opened, "hello");
  opened.restorer.prefetch(planOf(hello, empty));
  expect([await opened.restorer.fetch(hello), await opened.restorer.fetch(empty)]).toEqual([true, false]);
});
