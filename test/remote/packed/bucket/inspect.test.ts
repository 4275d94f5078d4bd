import { expect, test } from "bun:test";
import { findEntries } from "../../../../src/remote/packed/bucket/find-entries.ts";
import { inspectBucket } from "../../../../src/remote/packed/bucket/inspect.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { DAY_MS, entryOf, HOUR_MS, PLATFORM, packOf, StockedBucket } from "../stocked-bucket.ts";

const NOTHING = { entries: 0, packs: 0, packBytes: 0, usedBytes: 0 };

test("an empty bucket has zero counts", async () => {
  using bucket = new StockedBucket();
  const { scopes, totals, unreadable } = await inspectBucket(bucket);
  const none = { count: 0, sizeBytes: 0 };
  expect<object>({ scopes, totals, unreadable }).toEqual({
    scopes: [],
    totals: {
      runRecords: 0,
      additions: 0,
      sharedRecords: 0,
      packs: none,
      unnamedPacks: none,
      usedBytes: 0,
    },
    unreadable: [],
  });
});

test("a scope with only unreadable records is listed with zero counts", async () => {
  using bucket = new StockedBucket();
  const bad = await bucket.run([], { branch: "a/../b \u001b 🚀" });
  await bucket.overwrite(bad, Buffer.from("nonsense"));
  const { scopes, unreadable } = await inspectBucket(bucket);
  expect(scopes).toMatchObject([{ branch: "a/../b \u001b 🚀", runs: 1, ...NOTHING }]);
  expect(unreadable.map(({ key }) => key)).toEqual([bad]);
});

test("the counts cover the entries of each scope's newest run, each once", async () => {
  using bucket = new StockedBucket();
  const first = (await bucket.pack(["one", "two"])) as [PackedEntry, PackedEntry];
  const second = (await bucket.pack(["three"])) as [PackedEntry];
  await bucket.run([...first, ...second], { run: "1", ageMs: 2 * HOUR_MS });
  await bucket.run([first[0], entryOf("")], { run: "2", machine: "m1", ageMs: HOUR_MS });
  await bucket.run([first[0]], { run: "2", machine: "m2", ageMs: HOUR_MS });
  await bucket.run([first[0], second[0]], { job: "lint" });
  const { scopes, serverTimeMs } = await inspectBucket(bucket);
  const lengths = [...first, ...second].map((entry) => entry.place?.length ?? 0) as [number, number, number];
  const scope = { platform: PLATFORM, project: "example.com/a", branch: "main" };
  expect(scopes.map(({ newestMs, ...rest }) => rest)).toEqual([
    {
      ...scope,
      job: "lint",
      runs: 1,
      entries: 2,
      packs: 2,
      packBytes: lengths[0] + lengths[1] + lengths[2],
      usedBytes: lengths[0] + lengths[2],
    },
    {
      ...scope,
      job: "test",
      runs: 2,
      entries: 2,
      packs: 1,
      packBytes: lengths[0] + lengths[1],
      usedBytes: lengths[0],
    },
  ]);
  expect(scopes.map(({ newestMs }) => Math.floor((serverTimeMs - newestMs) / HOUR_MS))).toEqual([0, 1]);
});

test("the totals count shared frames once, and include unreferenced packs", async () => {
  using bucket = new StockedBucket();
  const shared = (await bucket.pack(["std"])) as [PackedEntry];
  const unnamed = (await bucket.pack(["unnamed"])) as [PackedEntry];
  const added = (await bucket.pack(["added"])) as [PackedEntry];
  await bucket.run(shared);
  await bucket.run(shared, { project: "example.com/b" });
  await bucket.addition(added, { ageMs: DAY_MS });
  await bucket.record(bucket.keys.shared(PLATFORM), "shared", shared);
  const { totals } = await inspectBucket(bucket);
  const sizes = [shared, unnamed, added].map(([entry]) => entry.place?.length ?? 0) as [
    number,
    number,
    number,
  ];
  expect<object>(totals).toEqual({
    runRecords: 2,
    additions: 1,
    sharedRecords: 1,
    packs: { count: 3, sizeBytes: sizes[0] + sizes[1] + sizes[2] },
    unnamedPacks: { count: 1, sizeBytes: sizes[1] },
    usedBytes: sizes[0],
  });
});

test("an unknown id is not found", async () => {
  using bucket = new StockedBucket();
  await bucket.run(await bucket.pack(["one"]));
  expect(await findEntries({ ...bucket, id: "00000000" })).toEqual([]);
});

test("an entry is found by the first digits of its action or output, with all its records", async () => {
  using bucket = new StockedBucket();
  const [one] = (await bucket.pack(["one", "two"])) as [PackedEntry];
  const run = await bucket.run([one]);
  const addition = await bucket.addition([one]);
  const bad = await bucket.run([], { run: "bad" });
  await bucket.overwrite(bad, Buffer.from("nonsense"));
  const found = {
    ...one,
    place: { ...one.place, key: bucket.keys.pack(packOf(one)), isThere: true },
    records: [run, addition],
    recordCount: 2,
  };
  for (const id of [one.actionId, one.actionId.slice(0, 8), one.outputId.slice(0, 9)]) {
    expect<object[]>(await findEntries({ ...bucket, id })).toEqual([found]);
  }
  await bucket.remove(bucket.keys.pack(packOf(one)));
  expect(await findEntries({ ...bucket, id: one.actionId })).toMatchObject([{ place: { isThere: false } }]);
});

test("an action in two packs is found in both; an empty output has no location", async () => {
  using bucket = new StockedBucket();
  const [one] = (await bucket.pack(["one"])) as [PackedEntry];
  const [other] = (await bucket.pack(["one", "more"])) as [PackedEntry];
  const empty = { ...entryOf(""), actionId: one.actionId };
  await bucket.run([one, other, empty]);
  const found = await findEntries({ ...bucket, id: one.actionId });
  expect(found.map(({ place }) => place?.pack.id)).toEqual([packOf(one), packOf(other), undefined]);
});

test("the number of results is bounded", async () => {
  using bucket = new StockedBucket();
  const { outputId, ...rest } = entryOf("");
  const entries = Array.from({ length: 150 }, (_, i) => ({
    ...rest,
    outputId,
    actionId: entryOf(`${i}`).actionId,
  }));
  for (let run = 0; run < 12; run++) await bucket.run(entries, { run: String(run) });
  const found = await findEntries({ ...bucket, id: outputId });
  expect([found.length, found[0]?.records.length, found[0]?.recordCount]).toEqual([100, 10, 12]);
});
