import { expect, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import { Logger } from "../../../../src/lib/logger.ts";
import { collectDaily } from "../../../../src/remote/packed/bucket/daily-gc.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { DAY_MS, StockedBucket, scopeOf } from "../stocked-bucket.ts";

const CANDIDATES = "team/packed/v1/gc/candidates.json.zst";

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
  using bucket = new StockedBucket();
  using machine = tempDir("daily");
  bucket.store.onList = () => {
    throw new Error("no listing today");
  };
  expect(await collect(bucket, machine)).toEqual([expect.stringContaining("no listing today")]);
});

test("a session of the default branch removes old packs", async () => {
  using bucket = new StockedBucket();
  using machine = tempDir("daily");
  const old = await bucket.run([], { ageMs: 15 * DAY_MS });
  const young = await bucket.run([], { machine: "m2" });
  expect(await collect(bucket, machine)).toEqual([]);
  expect(bucket.objects).not.toContain(old);
  expect(bucket.objects).toContain(young);
});

test("a session of another branch removes nothing", async () => {
  using bucket = new StockedBucket();
  using machine = tempDir("daily");
  await bucket.run([], { ageMs: 15 * DAY_MS });
  const before = bucket.objects;
  await collect(bucket, machine, "pr-7");
  expect(bucket.objects).toEqual(before);
});

test("all machines together collect once a day", async () => {
  using bucket = new StockedBucket();
  using one = tempDir("daily");
  using two = tempDir("daily");
  await collect(bucket, one);
  const old = await bucket.run([], { ageMs: 15 * DAY_MS });
  await collect(bucket, one);
  await collect(bucket, two);
  expect(bucket.objects).toContain(old);
  // One day later.
  bucket.age(CANDIDATES, 2 * DAY_MS);
  writeFileSync(one.join("gc"), "");
  utimesSync(one.join("gc"), 1, 1);
  await collect(bucket, one);
  expect(bucket.objects).not.toContain(old);
});
