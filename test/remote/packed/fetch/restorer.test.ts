import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { ObjectSum } from "../../../../src/lib/object-sum.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { eventually } from "../../../support/eventually.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { rejection } from "../../../support/rejection.ts";
import { noise } from "../../../support/seed.ts";
import { hangGets } from "../failing-store.ts";
import { planOf } from "../made-record.ts";
import { packBytes } from "../packed-fixture.ts";
import { entryOf, packOf } from "../stocked-bucket.ts";
import { holdGets } from "./queue-fixture.ts";
import { openRestorer, pack, texts } from "./restorer-fixture.ts";

describe("an awaited output", () => {
  test("is fetched and recorded", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello");
    expect(await opened.restorer.fetch(entry)).toBe(true);
    const { outputId, sizeBytes, putTimeMs } = entry;
    const found = opened.machine.local.get(entry.actionId);
    expect(found).toMatchObject({ outputId, sizeBytes, putTimeMs });
    expect(readFileSync(found?.path ?? "", "utf8")).toBe("hello");
  });

  test("is not requested if it is on the local disk", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello");
    opened.machine.entry("hello");
    expect([await opened.restorer.fetch(entry), opened.bucket.store.calls]).toEqual([true, []]);
  });

  test("is requested if the local file has another size", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello");
    const file = opened.machine.local.createOutput(entry.outputId);
    file.write(Buffer.from("hell"));
    file.commit();
    expect([await opened.restorer.fetch(entry), await texts(opened, [entry])]).toEqual([true, ["hello"]]);
  });

  test("is created without a request if it is empty", async () => {
    using opened = openRestorer();
    const empty = entryOf("");
    expect([await opened.restorer.fetch(empty), await texts(opened, [empty])]).toEqual([true, [""]]);
    expect(opened.bucket.store.calls).toEqual([]);
  });

  test("is a miss without a place", async () => {
    using opened = openRestorer();
    expect(await opened.restorer.fetch(entryOf("hello"))).toBe(false);
  });

  test("is fetched again if it is gone from the disk, also by a prefetch", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello");
    const forget = () => rmSync(opened.machine.local.findOutput(entry.outputId)?.path ?? "");
    expect(await opened.restorer.fetch(entry)).toBe(true);
    forget();
    expect(await opened.restorer.fetch(entry)).toBe(true);
    forget();
    opened.restorer.prefetch(planOf(entry));
    await opened.restorer.idle();
    await opened.restorer.finish();
    expect(await texts(opened, [entry])).toEqual(["hello"]);
  });

  test("is fetched before prefetched ones, and once for all waiting callers", async () => {
    using opened = openRestorer();
    const packs: PackedEntry[] = [];
    for (let n = 0; n < 8; n++) packs.push(...(await pack(opened, `output ${n}`)));
    const releaseNext = holdGets(opened.bucket.store);
    opened.restorer.prefetch(planOf(...packs));
    const last = packs[7] as PackedEntry;
    const fetched = [opened.restorer.fetch(last), opened.restorer.fetch(last)];
    for (let n = 0; n < 5; n++) {
      releaseNext();
      await eventually("a fifth request", () => opened.bucket.store.calls.length >= 5);
    }
    expect(await Promise.all(fetched)).toEqual([true, true]);
    expect(opened.bucket.store.calls[4]).toEndWith(packOf(last));
    opened.restorer.stop();
  });

  test("that arrives too slowly is an error, but its pack is not bad", async () => {
    using opened = openRestorer({ timeoutMs: -995 });
    const [entry] = await pack(opened, "hello");
    hangGets(opened.bucket.store, "pack/");
    const error = await rejection(opened.restorer.fetch(entry));
    expect([(error as Error).name, opened.bad]).toEqual(["TimeoutError", []]);
    opened.restorer.stop();
  });
});

describe("a prefetch", () => {
  test("fetches all outputs that are not local, with the records of all actions", async () => {
    using opened = openRestorer();
    const entries = await pack(opened, "a", "b", "c");
    const twin = { ...entries[0], actionId: entryOf("twin").actionId };
    opened.machine.entry("c");
    opened.restorer.prefetch(planOf(...entries, twin, entryOf("")));
    await opened.restorer.idle();
    const wanted = [...entries, twin, entryOf("")];
    const found = wanted.map(({ actionId }) => opened.machine.local.get(actionId)?.outputId);
    expect(found).toEqual(wanted.map(({ outputId }) => outputId));
    expect(opened.machine.counters.get("prefetch_outputs")).toBe(2);
  });

  test("writes large and small outputs", async () => {
    using opened = openRestorer();
    const bodies = [200_000, 10, 300_000, 128 << 10].map((length, index) => noise(length, index));
    const entries = await packBytes(
      opened.bucket,
      bodies.map((body) => ({ body })),
    );
    opened.restorer.prefetch(planOf(...entries));
    await opened.restorer.idle();
    await opened.restorer.finish();
    const sizes = entries.map(({ outputId }) => opened.machine.local.findOutput(outputId)?.sizeBytes);
    expect(sizes).toEqual(bodies.map(({ length }) => length));
  });

  test("of known outputs sends no request again", async () => {
    using opened = openRestorer();
    const entries = await pack(opened, "a", "b");
    opened.restorer.prefetch(planOf(...entries));
    opened.restorer.prefetch(planOf(...entries));
    expect([
      await opened.restorer.fetch(entries[0]),
      await opened.restorer.fetch(entries[1] as PackedEntry),
    ]).toEqual([true, true]);
    expect(opened.bucket.store.calls).toHaveLength(1);
  });
});

describe("where there is room for two outputs and their records,", () => {
  /** Room for so many bytes. */
  function roomOf(bytes: number) {
    let left = bytes;
    const room = {
      hasRoomFor: (wanted: number) => wanted <= left,
      add: (added: number) => {
        left -= added;
      },
      save: () => undefined,
    };
    return { room, left: () => left };
  }

  const BODIES = ["one", "two", "six", "ten"];

  test("a prefetch fetches two, and what go asks for all the same", async () => {
    const { room, left } = roomOf(2 * (3 + 4_096));
    using opened = openRestorer({ room });
    const packed = await pack(opened, ...BODIES);
    opened.restorer.prefetch(planOf(...packed));
    await opened.restorer.idle();
    const found = (await texts(opened, packed)).filter((text) => text !== undefined);
    expect([found.length, left(), opened.machine.counters.get("prefetch_left")]).toEqual([2, 0, 2]);
    for (const entry of packed) expect(await opened.restorer.fetch(entry)).toBe(true);
    expect([await texts(opened, packed), left()]).toEqual([BODIES, -2 * (3 + 4_096)]);
  });

  test("a plan ends at the first pack that does not fit", async () => {
    const { room } = roomOf(2 * (3 + 4_096));
    using opened = openRestorer({ room });
    const packed: PackedEntry[] = [];
    for (const body of BODIES) packed.push(...(await pack(opened, body)));
    const planned: PackedEntry[] = [];
    opened.restorer.prefetch(planOf(...packed), { onPlanned: (entries) => planned.push(...entries) });
    await opened.restorer.idle();
    const found = (await texts(opened, packed)).filter((text) => text !== undefined);
    expect([found.length, planned.length, opened.machine.counters.get("prefetch_left")]).toEqual([2, 3, 1]);
  });

  test("the pack of an output that go waits for brings no more of them", async () => {
    const { room } = roomOf(2 * (3 + 4_096));
    using opened = openRestorer({ room });
    const packed = await pack(opened, ...BODIES);
    opened.restorer.prefetchNow([...packed]);
    await opened.restorer.idle();
    expect((await texts(opened, packed)).filter((text) => text !== undefined)).toEqual(["one", "two"]);
  });

  test("the records of many actions with one output count as well", async () => {
    const { room, left } = roomOf(2 * 3 + 3 * 4_096);
    using opened = openRestorer({ room });
    const [entry] = await pack(opened, "one");
    const actions = ["a", "b", "c", "d"].map((name) => ({ ...entry, actionId: entryOf(name).actionId }));
    opened.restorer.prefetchNow(actions);
    await opened.restorer.idle();
    const empty = ["e", "f"].map((name) => ({ ...entryOf(""), actionId: entryOf(name).actionId }));
    opened.restorer.prefetchNow(empty);
    await opened.restorer.idle();
    const found = [...actions, ...empty].map(({ actionId }) => opened.machine.local.get(actionId)?.sizeBytes);
    expect([found, left()]).toEqual([[3, 3, 3, undefined, undefined, undefined], 3]);
  });

  test("an output that does not arrive takes no room", async () => {
    const { room } = roomOf(3 + 4_096);
    using opened = openRestorer({ room });
    const [gone] = await pack(opened, "one");
    await opened.bucket.remove(opened.bucket.keys.pack(packOf(gone)));
    const [two] = await pack(opened, "two");
    for (const entry of [gone, two]) {
      opened.restorer.prefetchNow([entry]);
      await opened.restorer.idle();
    }
    expect(await texts(opened, [two])).toEqual(["two"]);
  });
});

describe("when the session ends,", () => {
  test("fetches in flight are aborted, and no further request is sent", async () => {
    using opened = openRestorer();
    const [entry] = await pack(opened, "hello");
    const [other] = await pack(opened, "other");
    hangGets(opened.bucket.store, "pack/");
    const fetched = rejection(opened.restorer.fetch(entry));
    opened.restorer.stop();
    const ended = new Error("the session has ended");
    expect([await fetched, await rejection(opened.restorer.fetch(other))]).toEqual([ended, ended]);
    await opened.restorer.finish();
    expect([opened.bucket.store.calls.length, filesBelow(opened.machine.dir.join("state"))]).toEqual([1, []]);
  });

  test("received outputs are written to the disk", async () => {
    using opened = openRestorer();
    const entries = await pack(opened, ...Array.from({ length: 50 }, (_, n) => `output ${n}`));
    opened.restorer.prefetch(planOf(...entries));
    await eventually("the first bytes", () => opened.machine.counters.get("prefetch_bytes") > 0);
    opened.restorer.stop();
    await opened.restorer.finish();
    expect(opened.machine.counters.get("prefetch_outputs")).toBe(50);
  });
});

test("lookups of what is on the disk leave nothing to wait for one after the other", async () => {
  using opened = openRestorer();
  const empty = entryOf("");
  const promises = () => heapStats().objectTypeCounts.Promise ?? 0;
  const before = promises();
  for (let n = 0; n < 20_000; n++) opened.restorer.prefetchNow([empty]);
  expect(promises() - before).toBeLessThan(1_000);
  await opened.restorer.idle();
  expect(opened.machine.local.get(empty.actionId)).toBeDefined();
});

test("received outputs are counted for all callers, with or without waiting", async () => {
  using opened = openRestorer();
  const [hello, ...others] = await pack(opened, "hello", "other", "third!");
  const [mine, yours] = [new ObjectSum(), new ObjectSum()];
  opened.restorer.prefetch(planOf(hello, ...others), { received: mine });
  expect(await opened.restorer.fetch(hello, yours)).toBe(true);
  await opened.restorer.idle();
  await opened.restorer.finish();
  expect([mine, yours].map(({ count, sizeBytes }) => [count, sizeBytes])).toEqual([
    [3, 16],
    [1, 5],
  ]);
});
