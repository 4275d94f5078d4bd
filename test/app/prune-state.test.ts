import { expect, test } from "bun:test";
import { pruneState } from "../../src/app/prune-state.ts";
import { age, HOUR_MS, writeAged } from "../buildcache/local-fixture.ts";
import { filesBelow } from "../support/file-tree.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const DAY_MS = 24 * HOUR_MS;
const BUCKET = "packed-00000000000000aa";

/** What a job has left that was stored and read so many days ago. */
function writeJob(dir: TempDir, name: string, { storedDays = 99, readDays = 99 }): void {
  const job = (...parts: string[]) => dir.join("state", BUCKET, name, ...parts);
  writeAged(job("run.json.zst"), "run", storedDays * DAY_MS);
  writeAged(job("records.json"), "{}", readDays * DAY_MS);
  writeAged(job("records", "0a"), "record", 99 * DAY_MS);
  age(job(), 99 * DAY_MS);
}

test("what is remembered of a job goes when it has not run for two weeks", () => {
  using dir = tempDir("prune-state");
  writeJob(dir, "0000000000000001", {});
  writeJob(dir, "0000000000000002", { storedDays: 13 });
  writeJob(dir, "0000000000000003", { readDays: 13 });
  writeJob(dir, "0000000000000004", { storedDays: 15, readDays: 15 });
  pruneState(dir.path);
  expect(filesBelow(dir.join("state", BUCKET)).filter((name) => name.endsWith("run.json.zst"))).toEqual([
    "0000000000000002/run.json.zst",
    "0000000000000003/run.json.zst",
  ]);
});

test("journals, claims, stamps and whatever else lies there stay", () => {
  using dir = tempDir("prune-state");
  const names = [
    "other/0000000000000001/x",
    `${BUCKET}/journal/1-x`,
    `${BUCKET}/session-ended`,
    "prune.json",
  ];
  for (const name of names) writeAged(dir.join("state", name), "x", 99 * DAY_MS);
  pruneState(dir.path);
  expect(filesBelow(dir.join("state"))).toEqual(names);
  expect(() => pruneState(dir.join("none"))).not.toThrow();
});
