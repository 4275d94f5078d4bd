import { describe, expect, test } from "bun:test";
import { type ListedRun, listedRuns, runsToKeep, runsToRead } from "../../../src/remote/runs/choose-runs.ts";
import { countedRunName, formatRunName } from "../../../src/remote/runs/run-names.ts";
import type { ListedObject } from "../../../src/store/object-store.ts";

const DAY_MS = 24 * 3_600_000;
const NOW_MS = 1_700_000_000_000;
const MAX_BYTES = 1_000;

/** A record of the run with that name, so many days old. */
function record(
  run: string,
  ageDays: number,
  { sizeBytes = 100, entries = -1, hasEnded = false, writer = "m1" } = {},
): ListedObject {
  const modifiedMs = NOW_MS - ageDays * DAY_MS;
  const name = formatRunName({ startedMs: modifiedMs, run, writer, hasEnded });
  const key = `run/p/x/main/test/${name}`;
  return { key: entries < 0 ? key : countedRunName(key, entries), etag: "", sizeBytes, modifiedMs };
}

const namesOf = (runs: ListedRun[]) =>
  runs.map(({ records }) => /^.*\/\d+-(.+)-m\d/.exec(records[0]?.key ?? "")?.[1]);
const read = (...objects: ListedObject[]) => namesOf(runsToRead(listedRuns(objects, MAX_BYTES)));
const kept = (...objects: ListedObject[]) => namesOf(runsToKeep(listedRuns(objects, MAX_BYTES)));

describe("what is no run to read:", () => {
  test("a record with another name, or one that is too large", () => {
    const other = { ...record("1", 0), key: "run/p/x/main/test/readme" };
    expect(read(other, record("2", 0, { sizeBytes: MAX_BYTES + 1 }))).toEqual([]);
  });

  test("a run before the newest complete one", () => {
    expect(read(record("old", 2), record("whole", 1, { hasEnded: true }))).toEqual(["whole"]);
  });
});

describe("an unfinished, failed or cancelled run", () => {
  test("does not hide the newest complete one, not even ten of them", () => {
    const small = Array.from({ length: 10 }, (_, n) => record(`cut${n}`, 0.1 * (10 - n), { sizeBytes: 40 }));
    const names = read(record("older", 1.6), record("whole", 1.5), ...small);
    expect(names).toEqual(["cut9", "cut8", "cut7", "cut6", "whole"]);
  });

  test("does not hide it if it says that it has ended", () => {
    expect(read(record("whole", 2), record("failed", 1, { hasEnded: true, sizeBytes: 40 }))).toEqual([
      "failed",
      "whole",
    ]);
  });

  test("is the newest one, whatever its size", () => {
    expect(read(record("whole", 1), record("now", 0))).toEqual(["now", "whole"]);
  });
});

test("a whole run of a job that has become smaller is hidden by no number of failed ones", () => {
  const small = (run: string, ageDays: number, sizeBytes: number) => record(run, ageDays, { sizeBytes });
  const failed = Array.from({ length: 9 }, (_, n) => small(`f${n}`, 1 - 0.1 * n, 5));
  const runs = [record("large", 3), small("s1", 2, 41), small("s2", 1.5, 40), ...failed];
  expect(read(...runs)).toEqual(["f8", "f7", "f6", "s2", "large"]);
});

test("a run of several machines is one run, as large as its largest record", () => {
  const shard = { sizeBytes: 40, writer: "m2" };
  expect(read(record("a", 1.1), record("b", 1), record("b", 0.9, shard), record("c", 0))).toEqual(["c", "b"]);
});

test("a job that has become smaller is compared with its earlier runs for two weeks", () => {
  const small = (run: string, ageDays: number) => record(run, ageDays, { sizeBytes: 40 });
  expect(read(record("large", 13), small("s1", 1), small("s2", 0))).toEqual(["s2", "s1", "large"]);
  expect(read(record("large", 15), small("s1", 1), small("s2", 0))).toEqual(["s2", "s1"]);
});

test("the names of records say how far runs got, whatever their sizes", () => {
  const whole = record("whole", 2, { entries: 100, sizeBytes: 10 });
  const cut = record("cut", 1, { entries: 89, sizeBytes: 900, hasEnded: true });
  expect(read(whole, cut)).toEqual(["cut", "whole"]);
  expect(read(whole, record("cut", 1, { entries: 90, hasEnded: true }))).toEqual(["cut"]);
});

describe("of a job are kept", () => {
  test("the newest four complete runs, and at most four after them", () => {
    const whole = Array.from({ length: 6 }, (_, n) => record(`w${n}`, 2 - 0.1 * n));
    const cut = Array.from({ length: 6 }, (_, n) => record(`c${n}`, 1 - 0.1 * n, { sizeBytes: 40 }));
    expect(kept(...whole, ...cut)).toEqual(["c5", "c4", "c3", "c2", "w5", "w4", "w3", "w2"]);
  });

  test("no unfinished ones before the newest complete one", () => {
    expect(
      kept(record("w0", 3), record("cut", 2, { sizeBytes: 40 }), record("w1", 1, { hasEnded: true })),
    ).toEqual(["w1", "w0"]);
  });

  test("the newest four if none is complete", () => {
    expect(kept(record("only", 0))).toEqual(["only"]);
  });

  test("all that a reader needs", () => {
    const objects = Array.from({ length: 40 }, (_, n) =>
      record(`${n}`, n / 7, { sizeBytes: 1 + ((n * 37) % 100), hasEnded: n % 3 === 0 }),
    );
    for (let count = 1; count <= objects.length; count++) {
      const some = objects.slice(0, count);
      expect(kept(...some)).toEqual(expect.arrayContaining(read(...some)));
      expect(kept(...some).length).toBeLessThanOrEqual(8);
    }
  });
});
