import { expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { Logger } from "../../../../src/lib/logger.ts";
import { collectDaily } from "../../../../src/remote/packed/gc/daily-gc.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { DENIED } from "../failing-store.ts";
import { DAY_MS, StockedBucket, scopeOf } from "../stocked-bucket.ts";

const FINISHED = "team/packed/v1/gc/finished.json";
const LEASE = "team/packed/v1/gc/lease.json";

/** A bucket in which the last round ended two days ago. */
async function established(): Promise<StockedBucket> {
  const bucket = new StockedBucket();
  await bucket.put(FINISHED, Buffer.from("{}"), 2 * DAY_MS);
  return bucket;
}

/** Collects as a session on that machine does; returns its verbose log. */
async function collect(bucket: StockedBucket, machine: TempDir, branch = "main"): Promise<string[]> {
  const lines: string[] = [];
  const log = new Logger({ verbose: true, debugMask: 0, write: (line) => lines.push(line) });
  const scope = scopeOf({ branch, defaultBranch: "main" });
  const { store, prefix } = bucket;
  await collectDaily({ store, prefix, scope, stateDir: machine.path, log });
  return lines;
}

test("a bucket that denies listing is skipped, with a message only in the verbose log", async () => {
  using bucket = await established();
  using machine = tempDir("daily");
  bucket.store.onList = () => {
    throw new Error("no listing today");
  };
  expect(await collect(bucket, machine)).toEqual([expect.stringContaining("no listing today")]);
});

test("a session of the default branch removes old records", async () => {
  using bucket = await established();
  using machine = tempDir("daily");
  const old = await bucket.run([], { ageMs: 15 * DAY_MS, job: "old" });
  const young = await bucket.run([], { machine: "m2" });
  expect(await collect(bucket, machine)).toEqual([]);
  expect(bucket.objects).not.toContain(old);
  expect(bucket.objects).toContain(young);
});

test("a session of another branch removes nothing", async () => {
  using bucket = await established();
  using machine = tempDir("daily");
  await bucket.run([], { ageMs: 15 * DAY_MS });
  const before = bucket.objects;
  await collect(bucket, machine, "pr-7");
  expect(bucket.objects).toEqual(before);
});

test("a new bucket is left alone for a day", async () => {
  using bucket = new StockedBucket();
  using machine = tempDir("daily");
  const old = await bucket.run([], { ageMs: 15 * DAY_MS });
  await collect(bucket, machine);
  expect(bucket.objects).toEqual([FINISHED, old]);
});

test("all machines together collect once a day", async () => {
  using bucket = await established();
  using one = tempDir("daily");
  using two = tempDir("daily");
  await collect(bucket, one);
  const old = await bucket.run([], { ageMs: 15 * DAY_MS });
  await collect(bucket, one);
  await collect(bucket, two);
  expect(bucket.objects).toContain(old);
  // One day later.
  for (const key of [FINISHED, LEASE]) bucket.age(key, 2 * DAY_MS);
  age(one, 2 * DAY_MS);
  await collect(bucket, one);
  expect(bucket.objects).not.toContain(old);
});

test("nobody begins while another machine is at it, and asks again after some minutes", async () => {
  using bucket = await established();
  using machine = tempDir("daily");
  await bucket.put(LEASE, Buffer.from("{}"), 4 * 60_000);
  const old = await bucket.run([], { ageMs: 15 * DAY_MS });
  await collect(bucket, machine);
  expect(bucket.objects).toContain(old);
  // The other machine has died.
  bucket.age(LEASE, 6 * 60_000);
  await collect(bucket, machine);
  expect(bucket.objects).toContain(old);
  age(machine, 6 * 60_000);
  await collect(bucket, machine);
  expect(bucket.objects).not.toContain(old);
});

test.each([
  ["goes on after some minutes when requests failed", new Error("503"), false],
  ["waits for a day when it may not remove", DENIED, true],
])("a machine %s", async (_, error, isThere) => {
  using bucket = await established();
  using machine = tempDir("daily");
  const old = await bucket.run([], { ageMs: 15 * DAY_MS });
  const remove = bucket.store.delete.bind(bucket.store);
  bucket.store.delete = () => Promise.reject(error);
  expect(await collect(bucket, machine)).toHaveLength(1);
  bucket.store.delete = remove;
  bucket.age(LEASE, 6 * 60_000);
  age(machine, 6 * 60_000);
  await collect(bucket, machine);
  expect(bucket.has(old)).toBe(isThere);
});

/** When that machine last asked. */
function age(machine: TempDir, ageMs: number): void {
  const seconds = (Date.now() - ageMs) / 1000;
  utimesSync(machine.join("gc"), seconds, seconds);
}
