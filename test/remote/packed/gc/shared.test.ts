import { describe, expect, test } from "bun:test";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import { parseRunRecord } from "../../../../src/remote/packed/format/run-record.ts";
import { MAX_ROWS } from "../../../../src/remote/packed/format/segment-layout.ts";
import { collectGarbage } from "../../../../src/remote/packed/gc/collect.ts";
import { SharedEntries } from "../../../../src/remote/packed/gc/shared-entries.ts";
import { inlineEntries, recordOfSegments, refOf, segmentOf } from "../made-record.ts";
import { DAY_MS, entryOf, HOUR_MS, PLATFORM, StockedBucket } from "../stocked-bucket.ts";

const KEY = `team/packed/v1/shared/${PLATFORM}.json.zst`;
const B = { project: "example.com/b" };

function collect({ store, prefix }: StockedBucket) {
  return collectGarbage({ store, prefix, olderThanMs: 14 * DAY_MS, dryRun: false });
}

/** Adds the record of a complete run. */
async function ran(
  bucket: StockedBucket,
  entries: PackedEntry[],
  about: Parameters<StockedBucket["run"]>[1] = {},
) {
  return await bucket.run(entries, { hasEnded: true, ...about });
}

async function sharedIn(bucket: StockedBucket, key = KEY): Promise<PackedEntry[]> {
  const bytes = Uint8Array.from(await Bun.file(bucket.dir.join(key)).bytes());
  expect(parseRunRecord(bytes).kind).toBe("shared");
  return inOrder(inlineEntries(bytes));
}

/** As a segment has them. */
function inOrder(entries: PackedEntry[]): PackedEntry[] {
  return entries.toSorted((a, b) => (a.actionId < b.actionId ? -1 : 1));
}

describe("the shared record does not contain", () => {
  test("entries that only jobs and branches of one project share", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["std"]);
    await ran(bucket, entries);
    await ran(bucket, entries, { job: "lint" });
    await ran(bucket, entries, { branch: "pr-1" });
    expect((await collect(bucket)).shared).toEqual([]);
    expect(bucket.has(KEY)).toBe(false);
  });

  test("entries that two projects share on different platforms", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["std"]);
    await ran(bucket, entries);
    await ran(bucket, entries, { ...B, platform: "darwin_arm64_go1.26.3" });
    expect((await collect(bucket)).shared).toEqual([]);
  });

  test("entries that a project's newest run no longer uses", async () => {
    using bucket = new StockedBucket();
    const names = Array.from({ length: 20 }, (_, n) => `std ${n}`);
    const [old, ...std] = (await bucket.pack(["old", ...names])) as [PackedEntry, ...PackedEntry[]];
    await ran(bucket, [old, ...std], { run: "1", ageMs: 2 * HOUR_MS });
    await ran(bucket, std, { run: "2", ageMs: HOUR_MS });
    await ran(bucket, [old, ...std], B);
    await collect(bucket);
    expect(await sharedIn(bucket)).toEqual(inOrder(std));
  });

  test("entries of a run that has not ended, if there is a complete one", async () => {
    using bucket = new StockedBucket();
    const [std, odd] = (await bucket.pack(["std", "odd"])) as [PackedEntry, PackedEntry];
    for (const scope of [{}, B]) {
      await ran(bucket, [std], { ...scope, ageMs: HOUR_MS });
      await bucket.run([std, odd], { ...scope, run: "2" });
    }
    await collect(bucket);
    expect(await sharedIn(bucket)).toEqual([std]);
  });

  test("entries that only additions contain", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["std"]);
    await bucket.addition(entries);
    await bucket.addition(entries, B);
    expect((await collect(bucket)).shared).toEqual([]);
  });
});

test("the records of all machines of the newest run are used", async () => {
  using bucket = new StockedBucket();
  const [one, two] = (await bucket.pack(["one", "two"])) as [PackedEntry, PackedEntry];
  await ran(bucket, [one], { run: "7", machine: "m1", ageMs: HOUR_MS });
  await ran(bucket, [two], { run: "7", machine: "m2" });
  await ran(bucket, [one, two], B);
  await collect(bucket);
  expect(await sharedIn(bucket)).toEqual(inOrder([one, two]));
});

test.each([
  ["first", HOUR_MS, 0],
  ["last", 0, HOUR_MS],
])("the newest location wins if its project is listed %s", async (_, ageOfB, ageOfA) => {
  using bucket = new StockedBucket();
  const ofA = await bucket.pack(["std", "a"]);
  const ofB = await bucket.pack(["std", "b"]);
  await ran(bucket, ofA, { ageMs: ageOfA });
  await ran(bucket, ofB, { ...B, ageMs: ageOfB });
  expect((await collect(bucket)).shared).toEqual([{ platform: PLATFORM, entries: 1 }]);
  expect(await sharedIn(bucket)).toEqual([(ageOfA < ageOfB ? ofA : ofB)[0] as PackedEntry]);
});

test("empty outputs are shared, too, and the platform name is encoded once", async () => {
  using bucket = new StockedBucket();
  const platform = "a/../b %";
  const empty = entryOf("");
  await ran(bucket, [empty], { platform });
  await ran(bucket, [empty], { ...B, platform });
  await collect(bucket);
  expect(await sharedIn(bucket, bucket.keys.shared(platform))).toEqual([empty]);
});

test("the shared record is removed when nothing is shared for a week, also if it is corrupt", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["std"]);
  await bucket.record(KEY, "shared", entries);
  const corrupt = await bucket.put("team/packed/v1/shared/other.json.zst", Buffer.from("nonsense"));
  const odd = await bucket.put("team/packed/v1/shared/a/b.json.zst", Buffer.from("x"));
  await collect(bucket);
  expect([bucket.has(KEY), bucket.has(corrupt), bucket.has(odd)]).toEqual([true, false, true]);
  bucket.age(KEY, 7 * DAY_MS);
  const report = await collect(bucket);
  expect(bucket.objects.filter((key) => key.includes("/shared/"))).toEqual([odd]);
  // A reader may have just read the record.
  expect(report.packs).toMatchObject({ unnamed: { count: 0 }, removed: { count: 0 } });
  expect((await collect(bucket)).packs).toMatchObject({ unnamed: { count: 1 }, removed: { count: 0 } });
});

test("a corrupt shared record is replaced, and a young one is not written again", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["std"]);
  await ran(bucket, entries);
  await ran(bucket, entries, B);
  await bucket.put(KEY, Buffer.from("nonsense"));
  const report = await collect(bucket);
  expect([report.unreadable, report.packs?.left.count]).toEqual([[], 1]);
  expect(await sharedIn(bucket)).toEqual(inOrder(entries));
  bucket.age(KEY, 6.9 * DAY_MS);
  bucket.store.calls.length = 0;
  expect((await collect(bucket)).shared).toEqual([]);
  expect(bucket.store.calls.filter((call) => call.startsWith("put") && call.includes("/shared/"))).toEqual(
    [],
  );
});

test("the shared record is made anew after a week", async () => {
  using bucket = new StockedBucket();
  const [std, more] = (await bucket.pack(["std", "more"])) as [PackedEntry, PackedEntry];
  await ran(bucket, [std]);
  await ran(bucket, [std], B);
  await collect(bucket);
  await ran(bucket, [std, more], { run: "2" });
  await ran(bucket, [std, more], { ...B, run: "2" });
  bucket.age(KEY, 7 * DAY_MS);
  expect((await collect(bucket)).shared).toEqual([{ platform: PLATFORM, entries: 2 }]);
});

test("a record of a later version is not replaced", async () => {
  using bucket = new StockedBucket();
  const bytes = compressFrame(new TextEncoder().encode('{"version":3}'));
  const entries = await bucket.pack(["std"]);
  await ran(bucket, entries);
  await ran(bucket, entries, B);
  await bucket.put(KEY, bytes, 30 * DAY_MS);
  const report = await collect(bucket);
  expect([report.shared, report.unreadable.map(({ key }) => key)]).toEqual([[], [KEY]]);
  expect(await Bun.file(bucket.dir.join(KEY)).bytes()).toEqual(new Uint8Array(bytes));
});

test("a run of the main branch tells what a project uses, if there is one", async () => {
  using bucket = new StockedBucket();
  const [std, odd] = (await bucket.pack(["std", "odd"])) as [PackedEntry, PackedEntry];
  await ran(bucket, [std], { ageMs: HOUR_MS });
  await ran(bucket, [std, odd], { branch: "pr-1" });
  await ran(bucket, [std, odd], { ...B, branch: "trunk" });
  await collect(bucket);
  expect(await sharedIn(bucket)).toEqual([std]);
});

test("only the rows that a run used count", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["std", "more"]);
  const key = await ran(bucket, entries);
  await ran(bucket, entries, B);
  const made = segmentOf(entries);
  const used = RowSet.none(2);
  used.add(1);
  const ref = refOf(made.segment, { prefix: bucket.prefix, used });
  await bucket.overwrite(key, await recordOfSegments([ref], {}, [made]));
  await collect(bucket);
  expect(await sharedIn(bucket)).toEqual([inOrder(entries)[1] as PackedEntry]);
});

test("what does not fit into the record is a segment of its own, which stays", async () => {
  using bucket = new StockedBucket();
  const entries = Array.from({ length: 8_000 }, (_, i) => ({ ...entryOf(String(i)), sizeBytes: 0 }));
  await ran(bucket, entries);
  await ran(bucket, entries, B);
  expect((await collect(bucket)).shared).toEqual([{ platform: PLATFORM, entries: 8_000 }]);
  const bytes = Uint8Array.from(await Bun.file(bucket.dir.join(KEY)).bytes());
  const [ref] = parseRunRecord(bytes).segments;
  expect([ref?.isInline, ref?.rows, ref?.prefix]).toEqual([false, 8_000, "team"]);
  expect(bucket.has(bucket.keys.segment(ref?.id ?? ""))).toBe(true);
  expect((await collect(bucket)).segments).toMatchObject({ left: { count: 1 }, unnamed: { count: 0 } });
});

test("the number of shared entries is limited to that of a segment", () => {
  const shared = new SharedEntries();
  for (const project of ["a", "b"])
    for (let i = 0; i <= MAX_ROWS; i++) shared.add(project, entryOf(String(i)));
  expect(shared.count).toBe(MAX_ROWS);
});
