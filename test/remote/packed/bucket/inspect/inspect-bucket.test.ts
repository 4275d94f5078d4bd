import { expect, test } from "bun:test";
import { inspectBucket } from "../../../../../src/remote/packed/bucket/inspect/inspect-bucket.ts";
import type { PackedEntry } from "../../../../../src/remote/packed/format/entry.ts";
import { RowSet } from "../../../../../src/remote/packed/format/row-set.ts";
import { packSegment } from "../../../../../src/remote/packed/format/segment-builder.ts";
import { formatRunName } from "../../../../../src/remote/runs/run-names.ts";
import { DAY_MS, entryOf, HOUR_MS, PLATFORM, StockedBucket, scopeOf } from "../../stocked-bucket.ts";

/** The key of a record of a complete run. */
function completeKey(bucket: StockedBucket, run: string): string {
  const name = formatRunName({ startedMs: Date.now() - HOUR_MS, run, writer: "m1", hasEnded: true });
  return `${bucket.keys.runs(scopeOf())}${name}`;
}

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
      segments: none,
      unnamedSegments: none,
      absentSegments: 0,
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

test("the counts cover the entries of the runs that a reader reads of each scope, each once", async () => {
  using bucket = new StockedBucket();
  const first = (await bucket.pack(["one", "two"])) as [PackedEntry, PackedEntry];
  const second = (await bucket.pack(["three"])) as [PackedEntry];
  await bucket.run(first, { run: "1", ageMs: 2 * HOUR_MS });
  await bucket.record(completeKey(bucket, "2"), "run", [first[0], entryOf("")], HOUR_MS);
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
      completeRuns: 0,
      entries: 2,
      packs: 2,
      packBytes: lengths[0] + lengths[1] + lengths[2],
      usedBytes: lengths[0] + lengths[2],
    },
    {
      ...scope,
      job: "test",
      runs: 2,
      completeRuns: 2,
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
    segments: { count: 0, sizeBytes: 0 },
    unnamedSegments: { count: 0, sizeBytes: 0 },
    absentSegments: 0,
    packs: { count: 3, sizeBytes: sizes[0] + sizes[1] + sizes[2] },
    unnamedPacks: { count: 1, sizeBytes: sizes[1] },
    usedBytes: sizes[0],
  });
});

test("a run that has not ended counts together with the last complete one", async () => {
  using bucket = new StockedBucket();
  const [one, two, three] = (await bucket.pack(["one", "two", "three"])) as [
    PackedEntry,
    PackedEntry,
    PackedEntry,
  ];
  await bucket.run([three], { run: "1", ageMs: 2 * HOUR_MS });
  await bucket.record(completeKey(bucket, "2"), "run", [one, two], HOUR_MS);
  await bucket.run([two], { run: "3" });
  const { scopes } = await inspectBucket(bucket);
  expect(scopes).toMatchObject([{ runs: 3, entries: 2, usedBytes: lengthOf(one) + lengthOf(two) }]);
});

test("of a segment that many jobs name the rows count that each used, and it is read once", async () => {
  using bucket = new StockedBucket();
  const entries = (await bucket.pack(["one", "two", "three"])) as [PackedEntry, PackedEntry, PackedEntry];
  const { segment, ref, key } = await bucket.segment(entries);
  for (const [at, entry] of entries.entries()) {
    const used = RowSet.none(3);
    used.add(segment.findAction(entry.actionId) ?? -1);
    for (let n = 0; n < 5; n++) await bucket.runOf([{ ...ref, used }], { job: `job ${at}.${n}` });
  }
  await bucket.runOf([ref], { job: "all" });
  bucket.store.calls.length = 0;
  const { scopes, totals } = await inspectBucket(bucket);
  expect(bucket.store.calls.filter((call) => call === `get ${key}`).length).toBe(1);
  const whole = entries.reduce((sum, entry) => sum + lengthOf(entry), 0);
  const usedBytes = [whole, ...entries.flatMap((entry) => Array<number>(5).fill(lengthOf(entry)))];
  expect<object[]>(
    scopes.map(({ job, entries: count, packBytes, usedBytes: bytes }) => ({ job, count, packBytes, bytes })),
  ).toEqual(
    usedBytes.map((bytes, at) => ({
      job: at === 0 ? "all" : `job ${Math.floor((at - 1) / 5)}.${(at - 1) % 5}`,
      count: at === 0 ? 3 : 1,
      packBytes: whole,
      bytes,
    })),
  );
  expect(totals).toMatchObject({ segments: { count: 1 }, usedBytes: whole, unnamedPacks: { count: 0 } });
});

test("segments are counted, those without a record apart, and those that nobody can read", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["one"]);
  const named = await bucket.segment(entries);
  const unnamed = await bucket.segment([entryOf("")]);
  const damaged = await bucket.segment(await bucket.pack(["two"]));
  const gone = await bucket.segment(await bucket.pack(["three"]));
  const record = await bucket.runOf([named.ref, damaged.ref, gone.ref, { ...gone.ref, prefix: "other" }]);
  await bucket.overwrite(damaged.key, Buffer.from("x"));
  await bucket.remove(gone.key);
  const { scopes, totals, unreadable } = await inspectBucket(bucket);
  expect(totals).toMatchObject({
    segments: { count: 3 },
    unnamedSegments: { count: 1, sizeBytes: (await packSegment(unnamed.bytes)).length },
    absentSegments: 2,
    packs: { count: 3 },
    unnamedPacks: { count: 2 },
  });
  expect(scopes).toMatchObject([{ entries: 1 }]);
  expect(unreadable).toEqual([{ key: record, reason: "not a zstd frame of known size" }]);
});

test("what is known of collections is asked for at the end, and reported", async () => {
  using bucket = new StockedBucket();
  expect((await inspectBucket(bucket)).collection).toBeUndefined();
  const state = { finishedMs: 1_000, isUnfinished: true };
  const readCollection = async () => state;
  expect((await inspectBucket({ ...bucket, readCollection })).collection).toBe(state);
});

function lengthOf({ place }: PackedEntry): number {
  return place?.length ?? 0;
}
