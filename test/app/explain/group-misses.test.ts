import { expect, test } from "bun:test";
import { groupMisses, type Hindsight } from "../../../src/app/explain/group-misses.ts";
import type { Miss } from "../../../src/buildcache/lookup-log.ts";
import type { Sighting } from "../../../src/remote/packed/bucket/sightings.ts";

const SCOPE = { project: "example.com/app", branch: "main", job: "test" };
const NOTHING: Hindsight = { seenIn: () => [], isPruned: () => false, areRecordsKnown: true };

const miss = (actionId: string, rest: Partial<Miss> = {}): Miss => ({
  actionId,
  reason: "unknown",
  missedAtMs: 1,
  compileMs: undefined,
  ...rest,
});
const seen = (rest: Partial<Sighting>): Sighting => ({ ...SCOPE, writtenMs: 1, isTrusted: true, ...rest });

/** The group and the details of one miss. */
function verdict(one: Miss, hindsight: Partial<Hindsight> = {}) {
  const [group] = groupMisses([{ scope: SCOPE, misses: [one] }], { ...NOTHING, ...hindsight });
  return [group?.why, group?.details[0]?.what];
}

test("an action that no record names is new, if all records could be read", () => {
  expect(verdict(miss("a"))).toEqual(["new", undefined]);
  expect(verdict(miss("a"), { areRecordsKnown: false })).toEqual(["undecided", undefined]);
});

test.each([
  ["branch pr-7, job test", [seen({ branch: "pr-7" })]],
  ["branch main, job lint", [seen({ branch: "pr-7" }), seen({ job: "lint" })]],
  ["project example.com/other, branch main, job test", [seen({ project: "example.com/other" })]],
  ["what several projects share", [seen({ project: "", branch: "", job: "" })]],
])("elsewhere, the nearest place: %s", (what, sightings) => {
  expect(verdict(miss("a"), { seenIn: () => sightings })).toEqual(["elsewhere", what]);
});

test("what a record of this job names was there once", () => {
  expect(verdict(miss("a"), { seenIn: () => [seen({ job: "lint" }), seen({})] })).toEqual([
    "evicted",
    expect.stringContaining("a record of this job names it"),
  ]);
});

test("so was what is gone from the bucket, or was pruned from the disk", () => {
  expect(verdict(miss("a", { reason: "gone" }))).toEqual([
    "evicted",
    expect.stringContaining("pack is gone"),
  ]);
  expect(verdict(miss("a"), { isPruned: (id) => id === "a" })).toEqual([
    "evicted",
    expect.stringContaining("removed from this disk"),
  ]);
});

test("what only records name that do not count was refused", () => {
  const seenIn = () => [seen({ isTrusted: false, branch: "pr-9" })];
  expect(verdict(miss("a"), { seenIn })).toEqual(["refused", "branch pr-9, job test"]);
});

test.each(["fault", "denied", "unanswered", "slow", "failing"] as const)(
  "%s is the bucket's, whatever is known now",
  (reason) => {
    expect(verdict(miss("a", { reason }), { seenIn: () => [seen({})] })[0]).toBe("remote");
  },
);

test("groups are counted, with the compiled ones and the first few actions", () => {
  const misses = Array.from({ length: 7 }, (_, n) => miss(`${n}`, n < 3 ? { compileMs: 100.4 } : {}));
  const groups = groupMisses(
    [
      { scope: SCOPE, misses },
      { scope: SCOPE, misses: [miss("x", { reason: "slow" }), miss("y", { reason: "fault" })] },
    ],
    NOTHING,
  );
  expect(groups).toEqual([
    { why: "new", count: 7, compiled: 3, compileMs: 301, details: [], actions: ["0", "1", "2", "3", "4"] },
    {
      why: "remote",
      count: 2,
      compiled: 0,
      compileMs: 0,
      details: [
        { what: expect.stringContaining("longer than it saved"), count: 1 },
        { what: expect.stringContaining("failed or took too long"), count: 1 },
      ],
      actions: ["x", "y"],
    },
  ]);
});
