import { expect, test } from "bun:test";
import { pruneState } from "../../../src/app/cache-dir/prune-state.ts";
import { age, HOUR_MS, writeAged } from "../../buildcache/local-fixture.ts";
import { BLOCK } from "../../buildcache/prune-fixture.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const DAY_MS = 24 * HOUR_MS;
const BUCKET = "packed-00000000000000aa";

/** What a job has left that was stored and read so many days ago. */
function writeJob(dir: TempDir, name: string, { storedDays = 99, readDays = 99 }): void {
  const job = (...parts: string[]) => dir.join("state", BUCKET, name, ...parts);
  writeAged(job("run-00000000000000bb.json.zst"), "run", storedDays * DAY_MS);
  writeAged(job("records.json"), "{}", readDays * DAY_MS);
  writeAged(job("records", "0a"), "record", 99 * DAY_MS);
  age(job("records"), 99 * DAY_MS);
  age(job(), 99 * DAY_MS);
}

test("what is remembered of a job goes when it has not run for two weeks", () => {
  using dir = tempDir("prune-state");
  writeJob(dir, "0000000000000001", {});
  writeJob(dir, "0000000000000002", { storedDays: 13 });
  writeJob(dir, "0000000000000003", { readDays: 13 });
  writeJob(dir, "0000000000000004", { storedDays: 15, readDays: 15 });
  pruneState(dir.path);
  expect(
    filesBelow(dir.join("state", BUCKET)).filter((name) => name.endsWith("run-00000000000000bb.json.zst")),
  ).toEqual([
    "0000000000000002/run-00000000000000bb.json.zst",
    "0000000000000003/run-00000000000000bb.json.zst",
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

test("notes about a bucket or server go after two weeks, claims and unfinished files after a day", () => {
  using dir = tempDir("prune-state");
  const write = (name: string, days: number) => writeAged(dir.join("state", name), "x", days * DAY_MS);
  for (const [hash, days] of Object.entries({ "00000000000000bb": 13, "00000000000000cc": 15 }))
    for (const name of [
      `native-${hash}.json`,
      `native-${hash}.log`,
      `native-${hash}.before`,
      `remote-${hash}.json`,
      `region-${hash}`,
      `silent-${hash}`,
    ])
      write(name, days);
  for (const [end, days] of Object.entries({ 1: 0.9, 2: 1.1 })) {
    write(`making.json.${end}`, days);
    write(`${BUCKET}/claims/${end}`, days);
    write(`${BUCKET}/run.json.zst.${end}`, days);
  }
  pruneState(dir.path);
  expect(filesBelow(dir.join("state"))).toEqual([
    "making.json.1",
    "native-00000000000000bb.before",
    "native-00000000000000bb.json",
    "native-00000000000000bb.log",
    `${BUCKET}/claims/1`,
    `${BUCKET}/run.json.zst.1`,
    "region-00000000000000bb",
    "remote-00000000000000bb.json",
    "silent-00000000000000bb",
  ]);
});

test("a job's files are removed together on request, and the rest stays", () => {
  using dir = tempDir("prune-state");
  writeJob(dir, "0000000000000001", { storedDays: 3, readDays: 2 });
  writeJob(dir, "0000000000000002", { storedDays: 1 });
  writeAged(dir.join("state", BUCKET, "journal", "1-x"), "x");
  writeAged(dir.join("state", "machine"), "x");
  const { evictable: unsorted, fixedBytes } = pruneState(dir.path);
  const evictable = unsorted.toSorted((a, b) => a.usedMs - b.usedMs);
  const found = evictable.map(({ usedMs, bytes }) => [Math.round((Date.now() - usedMs) / DAY_MS), bytes]);
  expect([found, fixedBytes]).toEqual([
    [
      [2, 3 * BLOCK],
      [1, 3 * BLOCK],
    ],
    2 * BLOCK,
  ]);
  expect([evictable[0]?.remove(), filesBelow(dir.join("state", BUCKET)).length]).toEqual([true, 4]);
});

test("segments that nobody has opened for two weeks go, and the others on request", () => {
  using dir = tempDir("prune-state");
  const path = (name: string) => dir.join("state", BUCKET, "segments", name);
  for (const [name, days] of Object.entries({ old: 15, young: 13, "half.1": 1.1 }))
    writeAged(path(name), "x", days * DAY_MS);
  const { evictable } = pruneState(dir.path);
  expect(filesBelow(dir.join("state"))).toEqual([`${BUCKET}/segments/young`]);
  expect(evictable.map(({ bytes, usedMs }) => [bytes, Math.round((Date.now() - usedMs) / DAY_MS)])).toEqual([
    [BLOCK, 13],
  ]);
  expect([evictable[0]?.remove(), filesBelow(dir.join("state"))]).toEqual([true, []]);
});
