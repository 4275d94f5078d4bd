import { expect, test } from "bun:test";
import { findSightings } from "../../../../src/remote/packed/bucket/sightings.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import type { RecordCheck } from "../../../../src/remote/packed/format/record-trust.ts";
import { recordOf, recordOfSegments } from "../made-record.ts";
import { entryOf, PLATFORM, StockedBucket, scopeOf } from "../stocked-bucket.ts";

const LATER = Number.MAX_SAFE_INTEGER;

async function sightings(bucket: StockedBucket, wanted: [string, number][], check?: RecordCheck) {
  const options = { platform: PLATFORM, wanted: new Map(wanted), check, onProgress: () => {} };
  return await findSightings({ ...bucket, ...options });
}

/** Adds a record of a job, with what it says about itself. */
async function putJob(bucket: StockedBucket, job: string, entries: PackedEntry[], platform = PLATFORM) {
  const about = { project: "example.com/a", branch: "main", job };
  const key = bucket.keys.run(scopeOf({ job, platform }), Date.now(), "m1");
  return await bucket.put(key, await recordOf(entries, { about }));
}

test("an action that nothing names, and one that was put after the miss, are not seen", async () => {
  using bucket = new StockedBucket();
  const [one] = (await bucket.pack(["one"])) as [PackedEntry];
  await putJob(bucket, "test", [one]);
  await putJob(bucket, "elsewhere", [entryOf("")], "plan9_mips_go1.27.4");
  const bad = await bucket.run([], { run: "bad" });
  await bucket.overwrite(bad, Buffer.from("x"));
  expect(
    await sightings(bucket, [
      [one.actionId, one.putTimeMs],
      [entryOf("").actionId, LATER],
    ]),
  ).toEqual(new Map());
});

test("an action is seen in each job once, in inline segments and in others, which are read once", async () => {
  using bucket = new StockedBucket();
  const [one] = (await bucket.pack(["one"])) as [PackedEntry];
  await putJob(bucket, "lint", [one]);
  const { ref, key } = await bucket.segment([one, entryOf("")]);
  for (const run of ["1", "2", "3"]) {
    const about = { project: "example.com/a", branch: "main", job: "test" };
    const record = bucket.keys.run(scopeOf({ run }), Date.now(), "m1");
    await bucket.put(record, await recordOfSegments([ref], { about }));
  }
  bucket.store.calls.length = 0;
  const found = await sightings(bucket, [[one.actionId, one.putTimeMs + 1]]);
  expect(bucket.store.calls.filter((call) => call === `get ${key}`).length).toBe(1);
  const seen = found.get(one.actionId) ?? [];
  expect(seen.map(({ job, isTrusted }) => [job, isTrusted])).toEqual([
    ["lint", true],
    ["test", true],
  ]);
});

test("a record that is not accepted is told apart", async () => {
  using bucket = new StockedBucket();
  const key = await putJob(bucket, "test", [entryOf("")]);
  const check = {
    check: (at: string) => {
      throw new Error(at === key ? "not signed" : "another key");
    },
  };
  const found = await sightings(bucket, [[entryOf("").actionId, LATER]], check);
  expect(found.get(entryOf("").actionId)).toMatchObject([{ job: "test", isTrusted: false }]);
});
