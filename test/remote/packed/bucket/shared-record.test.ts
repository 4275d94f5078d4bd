import { describe, expect, test } from "bun:test";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import { collectGarbage } from "../../../../src/remote/packed/bucket/gc.ts";
import { SharedEntries } from "../../../../src/remote/packed/bucket/shared-record.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { parseRunRecord } from "../../../../src/remote/packed/format/run-record.ts";
import { DAY_MS, entryOf, HOUR_MS, PLATFORM, StockedBucket } from "../stocked-bucket.ts";

const KEY = `team/packed/v1/shared/${PLATFORM}.json.zst`;
const B = { project: "example.com/b" };

function collect({ store, prefix }: StockedBucket) {
  return collectGarbage({ store, prefix, olderThanMs: 14 * DAY_MS, dryRun: false });
}

async function sharedIn(bucket: StockedBucket, key = KEY): Promise<PackedEntry[]> {
  const record = parseRunRecord(new Uint8Array(await Bun.file(bucket.dir.join(key)).arrayBuffer()));
  expect(record.kind).toBe("shared");
  return record.entries;
}

describe("the shared record does not contain", () => {
  test("entries that only jobs and branches of one project share", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["std"]);
    await bucket.run(entries);
    await bucket.run(entries, { job: "lint" });
    await bucket.run(entries, { branch: "pr-1" });
    expect((await collect(bucket)).shared).toEqual([]);
    expect(bucket.has(KEY)).toBe(false);
  });

  test("entries that two projects share on different platforms", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["std"]);
    await bucket.run(entries);
    await bucket.run(entries, { ...B, platform: "darwin_arm64_go1.26.3" });
    expect((await collect(bucket)).shared).toEqual([]);
  });

  test("entries that a project's newest run no longer uses", async () => {
    using bucket = new StockedBucket();
    const [std, old] = (await bucket.pack(["std", "old"])) as [PackedEntry, PackedEntry];
    await bucket.run([std, old], { run: "1", ageMs: 2 * HOUR_MS });
    await bucket.run([std], { run: "2", ageMs: HOUR_MS });
    await bucket.run([std, old], B);
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
  await bucket.run([one], { run: "7", machine: "m1", ageMs: HOUR_MS });
  await bucket.run([two], { run: "7", machine: "m2" });
  await bucket.run([one, two], B);
  await collect(bucket);
  expect(await sharedIn(bucket)).toEqual([one, two]);
});

test.each([
  ["first", HOUR_MS, 0],
  ["last", 0, HOUR_MS],
])("the newest location wins if its project is listed %s", async (_, ageOfB, ageOfA) => {
  using bucket = new StockedBucket();
  const ofA = await bucket.pack(["std", "a"]);
  const ofB = await bucket.pack(["std", "b"]);
  await bucket.run(ofA, { ageMs: ageOfA });
  await bucket.run(ofB, { ...B, ageMs: ageOfB });
  expect((await collect(bucket)).shared).toEqual([{ platform: PLATFORM, entries: 1 }]);
  expect(await sharedIn(bucket)).toEqual([(ageOfA < ageOfB ? ofA : ofB)[0] as PackedEntry]);
});

test("empty outputs are shared, too, and the platform name is encoded once", async () => {
  using bucket = new StockedBucket();
  const platform = "a/../b %";
  const empty = entryOf("");
  await bucket.run([empty], { platform });
  await bucket.run([empty], { ...B, platform });
  await collect(bucket);
  expect(await sharedIn(bucket, bucket.keys.shared(platform))).toEqual([empty]);
});

test("the shared record is removed when nothing is shared, also if it is corrupt", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["std"]);
  await bucket.record(KEY, "shared", entries);
  await bucket.put("team/packed/v1/shared/other.json.zst", Buffer.from("nonsense"));
  const odd = await bucket.put("team/packed/v1/shared/a/b.json.zst", Buffer.from("x"));
  const report = await collect(bucket);
  expect(bucket.objects.filter((key) => key.includes("/shared/"))).toEqual([odd]);
  // The pack is only a candidate: a reader may have just read the record.
  expect(report.packs).toMatchObject({ unnamed: { count: 1 }, removed: { count: 0 } });
});

test("a corrupt shared record is replaced, and an unchanged one is not written again", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["std"]);
  await bucket.run(entries);
  await bucket.run(entries, B);
  await bucket.put(KEY, Buffer.from("nonsense"));
  await collect(bucket);
  expect(await sharedIn(bucket)).toEqual(entries);
  bucket.store.calls.length = 0;
  await collect(bucket);
  expect(bucket.store.calls.filter((call) => call.startsWith("put"))).toEqual([
    "put team/packed/v1/gc/candidates.json.zst",
  ]);
});

test("a record of a later version is not replaced", async () => {
  using bucket = new StockedBucket();
  const bytes = compressFrame(new TextEncoder().encode('{"version":2}'));
  const entries = await bucket.pack(["std"]);
  await bucket.run(entries);
  await bucket.run(entries, B);
  await bucket.put(KEY, bytes);
  expect((await collect(bucket)).shared).toEqual([]);
  expect(await Bun.file(bucket.dir.join(KEY)).bytes()).toEqual(new Uint8Array(bytes));
});

test("the number of shared entries is limited to that of a record", () => {
  const shared = new SharedEntries();
  const entries = Array.from({ length: 80_001 }, (_, i) => entryOf(String(i)));
  shared.add("a", entries);
  shared.add("b", entries);
  expect(shared.entries.length).toBe(80_000);
});
