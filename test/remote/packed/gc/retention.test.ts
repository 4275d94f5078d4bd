import { describe, expect, test } from "bun:test";
import type { ListedRecord } from "../../../../src/remote/packed/bucket/record-census.ts";
import { recordsToRemove } from "../../../../src/remote/packed/gc/retention.ts";
import { formatRunName } from "../../../../src/remote/runs/run-names.ts";
import { DAY_MS, HOUR_MS } from "../stocked-bucket.ts";

const NOW = 1_800_000_000_000;
const AGE = { nowMs: NOW, olderThanMs: 14 * DAY_MS };

interface Run {
  run: string;
  ageMs: number;
  hasEnded?: boolean;
  writer?: string;
  sizeBytes?: number;
  kind?: ListedRecord["kind"];
}

function recordOf({
  run,
  ageMs,
  hasEnded = false,
  writer = "m",
  sizeBytes = 1_000,
  kind = "run",
}: Run): ListedRecord {
  const name = formatRunName({ startedMs: NOW - ageMs, run, writer, hasEnded });
  return {
    key: `${kind}/p/a/main/test/${name}`,
    sizeBytes,
    etag: "",
    modifiedMs: NOW - ageMs,
    kind,
    scope: undefined,
  };
}

/** The names of the runs that stay. */
function kept(runs: Run[]): string[] {
  const records = runs.map(recordOf);
  const removed = new Set(recordsToRemove(records, AGE));
  return runs.filter((_, at) => !removed.has(records[at] as ListedRecord)).map(({ run }) => run);
}

describe("no record of a job goes", () => {
  test("when the server sends no times", () => {
    const records = ["1", "2", "3"].map((run) => ({
      ...recordOf({ run, ageMs: 99 * DAY_MS }),
      modifiedMs: 0,
    }));
    expect(recordsToRemove(records, AGE)).toEqual([]);
  });

  test("for its age, while the job runs", () => {
    const runs = [
      { run: "new", ageMs: HOUR_MS, hasEnded: true },
      { run: "old", ageMs: 30 * DAY_MS, hasEnded: true },
    ];
    expect(kept(runs)).toEqual(["new", "old"]);
  });

  test("that was written in the future, by a clock that was wrong", () => {
    expect(kept([{ run: "1", ageMs: -30 * DAY_MS }])).toEqual(["1"]);
  });
});

test("unfinished runs never push complete ones out", () => {
  const unfinished = Array.from({ length: 40 }, (_, i) => ({
    run: `u${i}`,
    ageMs: HOUR_MS + i,
    sizeBytes: 10,
  }));
  const complete = ["c1", "c2"].map((run, i) => ({ run, ageMs: (i + 2) * DAY_MS, hasEnded: true }));
  const left = kept([...unfinished, ...complete]);
  expect(left.filter((run) => run.startsWith("c"))).toEqual(["c1", "c2"]);
  expect(left.filter((run) => run.startsWith("u"))).toEqual(["u0", "u1", "u2", "u3"]);
});

test("of many complete runs the newest four stay, with the records of all their machines", () => {
  const runs = Array.from({ length: 6 }, (_, i) =>
    ["m1", "m2"].map((writer) => ({ run: String(i), ageMs: (i + 1) * HOUR_MS, hasEnded: true, writer })),
  ).flat();
  expect(kept(runs)).toEqual(["0", "0", "1", "1", "2", "2", "3", "3"]);
});

test("all of a job goes when its newest write is two weeks old", () => {
  const runs = (ageMs: number) => [
    { run: "2", ageMs, hasEnded: true },
    { run: "1", ageMs: 20 * DAY_MS, hasEnded: true },
  ];
  expect(kept(runs(14 * DAY_MS))).toEqual([]);
  expect(kept(runs(14 * DAY_MS - 1))).toEqual(["2", "1"]);
});

test("records of modules go like those of builds", () => {
  const runs = Array.from({ length: 9 }, (_, i) => ({
    run: String(i),
    ageMs: i * HOUR_MS,
    kind: "mod" as const,
  }));
  expect(kept(runs)).toEqual(["0", "1", "2", "3", "4"]);
});

test("an object with another name goes by its own age", () => {
  const odd = (name: string, ageMs: number) => ({
    ...recordOf({ run: "1", ageMs }),
    key: `run/p/a/main/test/${name}`,
  });
  const records = [
    odd("young.json.zst", HOUR_MS),
    odd("old.json.zst", 15 * DAY_MS),
    recordOf({ run: "1", ageMs: 0 }),
  ];
  expect(recordsToRemove(records, AGE).map(({ key }) => key)).toEqual(["run/p/a/main/test/old.json.zst"]);
});

test.each([
  ["new", 3 * DAY_MS],
  ["head", 14 * DAY_MS],
] as const)("a record of the kind %s goes after %d ms", (kind, limitMs) => {
  const removed = (ageMs: number) => recordsToRemove([recordOf({ run: "1", ageMs, kind })], AGE).length;
  expect([removed(limitMs - 1), removed(limitMs)]).toEqual([0, 1]);
});

test("a shared record never goes for its age", () => {
  expect(recordsToRemove([recordOf({ run: "1", ageMs: 99 * DAY_MS, kind: "shared" })], AGE)).toEqual([]);
});
