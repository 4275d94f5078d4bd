import { describe, expect, test } from "bun:test";
import { renameSync, rmSync } from "node:fs";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { openJournal } from "../../../../src/remote/packed/write/journal.ts";
import { untilAborted } from "../../../store/tampered-store.ts";
import { DENIED, putKinds, takeCalls } from "../failing-store.ts";
import { packOf, scopeOf } from "../stocked-bucket.ts";
import { addToIndex, LONG_MS, openWriter, recorded } from "./writer-fixture.ts";

describe("a put entry", () => {
  test("is in the journal at once, and in packs and records after the drain", async () => {
    using opened = openWriter();
    const entry = opened.machine.entry("hello");
    opened.writer.put(entry);
    expect([opened.journals().length, opened.writer.unpublished]).toEqual([1, { count: 1, bytes: 5 }]);
    await opened.writer.drain(LONG_MS);
    expect([
      opened.journals(),
      opened.writer.unpublished.count,
      putKinds(opened.bucket),
    ] as unknown[]).toEqual([[], 0, ["head", "new", "pack", "run"]]);
    const { path: _, ...known } = entry;
    expect(await recorded(opened)).toEqual([{ ...known, place: expect.objectContaining({ offset: 0 }) }]);
  });

  test("is uploaded once, even if the writer drains again", async () => {
    using opened = openWriter();
    opened.writer.put(opened.machine.entry("hello"));
    await Promise.all([opened.writer.drain(LONG_MS), opened.writer.drain(LONG_MS)]);
    await opened.writer.drain(LONG_MS);
    expect(putKinds(opened.bucket)).toEqual(["head", "new", "pack", "run"]);
  });

  test("has no place if it is empty, and one place for two actions", async () => {
    using opened = openWriter();
    for (const entry of [
      opened.machine.entry(""),
      opened.machine.entry("hello"),
      opened.machine.entry("hello", "x"),
    ]) {
      opened.writer.put(entry);
    }
    await opened.writer.drain(LONG_MS);
    const places = (await recorded(opened)).map(({ place }) => place);
    expect([places[0], places[1]] as unknown[]).toEqual([undefined, places[2]]);
    expect(takeCalls(opened.bucket.store, "put").filter((call) => call.includes("/pack/"))).toHaveLength(1);
  });

  test("is replaced by a later put of its action", async () => {
    using opened = openWriter();
    const again = opened.machine.entry("other", "hello");
    opened.writer.put(opened.machine.entry("hello"));
    opened.writer.put(again);
    await opened.writer.drain(LONG_MS);
    expect(await recorded(opened)).toMatchObject([{ actionId: again.actionId, outputId: again.outputId }]);
  });

  test("is lost if its output is gone from the disk, and no other entry is", async () => {
    using opened = openWriter();
    const [gone, good] = [opened.machine.entry("gone"), opened.machine.entry("good")];
    rmSync(gone.path);
    opened.writer.put(gone);
    opened.writer.put(good);
    await opened.writer.drain(LONG_MS);
    expect(await recorded(opened)).toMatchObject([{ actionId: good.actionId }]);
    expect(opened.machine.counters.get("put_remote_lost")).toBe(1);
  });
});

describe("an entry that was only used", () => {
  test("is recorded with its place in the bucket, without an upload", async () => {
    using opened = openWriter();
    const entries = await opened.bucket.pack(["hello"]);
    takeCalls(opened.bucket.store);
    addToIndex(opened, entries);
    opened.writer.used(opened.machine.entry("hello").actionId);
    expect(opened.writer.unpublished.count).toBe(0);
    await opened.writer.drain(LONG_MS);
    expect([await recorded(opened), putKinds(opened.bucket)]).toEqual([entries, ["head", "run"]]);
  });

  test("is uploaded if the bucket does not have it, or only in a distrusted pack", async () => {
    using opened = openWriter();
    const [entry] = await opened.bucket.pack(["hello"]);
    takeCalls(opened.bucket.store);
    addToIndex(opened, [entry as PackedEntry]);
    opened.index.distrustedPacks.add(packOf(entry));
    for (const text of ["hello", "unknown"]) opened.writer.used(opened.machine.entry(text).actionId);
    await opened.writer.drain(LONG_MS);
    expect([(await recorded(opened)).length, putKinds(opened.bucket)]).toEqual([2, ["head", "pack", "run"]]);
  });

  test("is not uploaded before the bucket's records were read, unlike a put entry", async () => {
    using opened = openWriter(false);
    opened.writer.used(opened.machine.entry("hello").actionId);
    await opened.writer.drain(LONG_MS);
    expect([opened.bucket.objects, opened.machine.counters.snapshot()]).toEqual([[], {}]);
    opened.writer.put(opened.machine.entry("world"));
    await opened.writer.drain(LONG_MS);
    expect(await recorded(opened)).toMatchObject([{ outputId: opened.machine.entry("world").outputId }]);
  });

  test("is missing, so nothing is written", async () => {
    using opened = openWriter();
    await opened.writer.drain(LONG_MS);
    expect([opened.bucket.objects, opened.journals()]).toEqual([[], []]);
  });
});

describe("a bucket that refuses uploads", () => {
  test("is counted once, and the journal keeps the entries", async () => {
    using opened = openWriter();
    opened.bucket.store.onPut = () => Promise.reject(new Error("503"));
    opened.writer.put(opened.machine.entry("hello"));
    await opened.writer.drain(LONG_MS);
    await opened.writer.drain(LONG_MS);
    expect([opened.machine.counters.get("put_remote_lost"), opened.journals().length]).toEqual([1, 1]);
  });

  test("because access is denied has its journal discarded", async () => {
    using opened = openWriter();
    opened.bucket.store.onPut = () => Promise.reject(DENIED);
    opened.writer.put(opened.machine.entry("hello"));
    await opened.writer.drain(LONG_MS);
    expect([opened.machine.counters.get("put_remote_lost"), opened.journals()]).toEqual([1, []]);
  });

  test("or hangs does not delay the drain beyond its limit", async () => {
    using opened = openWriter();
    opened.bucket.store.onPut = (_, __, signal) => untilAborted(signal);
    opened.writer.put(opened.machine.entry("hello"));
    await opened.writer.drain(1);
    expect([opened.journals().length, opened.machine.counters.get("put_remote_lost")]).toEqual([1, 1]);
  });

  test("of records only has the packs, and no entry counts as published", async () => {
    using opened = openWriter();
    opened.bucket.store.onPut = (key, put) =>
      key.includes("/pack/") ? put() : Promise.reject(new Error("503"));
    opened.writer.put(opened.machine.entry("hello"));
    await opened.writer.drain(LONG_MS);
    expect([opened.journals().length, opened.writer.unpublished.count, opened.writer.hasPublished]).toEqual([
      1,
      1,
      false,
    ]);
  });
});

test("the entries of dead helpers are adopted if their outputs are on this machine", async () => {
  using opened = openWriter();
  const [left, gone, other] = ["left", "gone", "other"].map((text) => opened.machine.entry(text));
  if (left === undefined || gone === undefined || other === undefined) throw new Error("no entries");
  const journal = openJournal(opened.journalDir, scopeOf());
  for (const entry of [left, gone, { ...other, sizeBytes: 6 }]) journal.append([entry]);
  journal.stopHeartbeat();
  rmSync(gone.path);
  const [name = ""] = opened.journals();
  const dead = name.replace(/^\d+/, "999999999");
  renameSync(`${opened.journalDir}/${name}`, `${opened.journalDir}/${dead}`);
  opened.writer.adopt();
  await opened.writer.drain(LONG_MS);
  expect([await recorded(opened), opened.journals()]).toMatchObject([[{ actionId: left.actionId }], []]);
  expect(putKinds(opened.bucket)).toEqual(["head", "new", "pack", "run"]);
});

test("the journal keeps adopted used entries, too, if the run record can't be uploaded", async () => {
  using opened = openWriter();
  const entries = await opened.bucket.pack(["hello"]);
  addToIndex(opened, entries);
  const journal = openJournal(opened.journalDir, scopeOf());
  journal.append([{ actionId: opened.machine.entry("hello").actionId }]);
  journal.handOver();
  const { onPut } = opened.bucket.store;
  opened.bucket.store.onPut = () => Promise.reject(new Error("503"));
  opened.writer.adopt();
  await opened.writer.store();
  expect([opened.journals().length, opened.writer.isSettled]).toEqual([1, false]);
  opened.bucket.store.onPut = onPut;
  await opened.writer.store();
  expect([opened.journals(), await recorded(opened)]).toEqual([[], entries]);
});

test("an unexpected error does not end the process, and the journal keeps the put entries", async () => {
  using opened = openWriter();
  opened.writer.put(opened.machine.entry("hello"));
  const { findPlace } = opened.index;
  opened.index.findPlace = () => {
    throw new Error("unforeseen");
  };
  await opened.writer.store();
  await opened.writer.drain(LONG_MS);
  expect([opened.machine.counters.get("put_remote_lost"), opened.journals().length]).toEqual([1, 1]);
  opened.index.findPlace = findPlace;
  await opened.writer.drain(LONG_MS);
  expect([opened.journals(), (await recorded(opened)).length]).toEqual([[], 1]);
});

test("an abandoned writer uploads nothing more, and the journal keeps its entries", async () => {
  using opened = openWriter();
  opened.writer.put(opened.machine.entry("hello"));
  opened.writer.abandon();
  await opened.writer.drain(LONG_MS);
  expect([opened.bucket.objects, opened.journals().length]).toEqual([[], 1]);
});
