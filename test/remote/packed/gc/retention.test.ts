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

describe("of a project's additions", () => {
  /** The newest first; `scope`: who wrote it. */
  const addition = (n: number, scope = "a", about: Partial<ListedRecord> = {}): ListedRecord => ({
    ...recordOf({ run: `${n}`, ageMs: n * 1_000, kind: "new" }),
    key: `new/p/a/${formatRunName({ startedMs: NOW - n * 1_000, run: scope, writer: "x", hasEnded: false })}`,
    ...about,
  });
  const list = (count: number, scopeOf: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => addition(n, scopeOf(n)));
  const keptOf = (records: ListedRecord[]) => records.length - recordsToRemove(records, AGE).length;

  test("one with another name goes by its age alone", () => {
    const odd = addition(90, "a", { key: "new/p/a/z.json.zst" });
    expect(recordsToRemove([...list(90, () => "a"), odd], AGE)).not.toContain(odd);
  });

  test("one that is too large to be read goes", () => {
    const large = addition(3, "a", { sizeBytes: 3 << 20 });
    expect(recordsToRemove([addition(1), large], AGE)).toEqual([large]);
  });

  test("the newest 32 stay, all of one scope", () => {
    expect(keptOf(list(90, () => "a"))).toBe(32);
  });

  test("those stay that a scope reads which wrote the newest itself", () => {
    expect(keptOf(list(100, (n) => (n < 50 ? "a" : "b")))).toBe(32 + 32);
    expect(keptOf(list(200, (n) => (n < 110 ? "a" : "b")))).toBe(32 + 18);
  });
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
