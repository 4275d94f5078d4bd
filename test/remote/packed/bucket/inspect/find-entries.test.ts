import { expect, test } from "bun:test";
import { findEntries } from "../../../../../src/remote/packed/bucket/inspect/find-entries.ts";
import type { PackedEntry } from "../../../../../src/remote/packed/format/entry.ts";
import { RowSet } from "../../../../../src/remote/packed/format/row-set.ts";
import { entryOf, packOf, StockedBucket } from "../../stocked-bucket.ts";

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

test("an entry of a segment that several records name is found with all of them, whatever rows they used", async () => {
  using bucket = new StockedBucket();
  const [one, two] = (await bucket.pack(["one", "two"])) as [PackedEntry, PackedEntry];
  const { ref, key } = await bucket.segment([one, two]);
  const records = [
    await bucket.runOf([{ ...ref, used: RowSet.none(2) }], { run: "1" }),
    await bucket.runOf([ref, ref], { run: "2" }),
  ];
  bucket.store.calls.length = 0;
  const found = await findEntries({ ...bucket, id: two.outputId });
  expect(found).toMatchObject([{ actionId: two.actionId, recordCount: 2 }]);
  expect(new Set(found[0]?.records)).toEqual(new Set(records));
  expect(bucket.store.calls.filter((call) => call === `get ${key}`).length).toBe(1);
});
