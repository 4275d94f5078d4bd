import { expect, test } from "bun:test";
import { HISTORY_RANGES, LookUpHistory } from "../../../src/http/status/look-up-history.ts";
import { countLookUps, hitRatio, type LookUps, totalOf } from "../../../src/http/status/look-ups.ts";

const [SHORT, HOUR, DAY] = HISTORY_RANGES;
const NOON_MS = Date.UTC(2026, 0, 31, 12);
const MINUTE_MS = 60_000;

function counted(local: number, remote = 0, missed = 0): LookUps {
  return { local, remote, missed };
}

/** The steps that are not empty, by their distance from the last. */
function filled(steps: LookUps[]): [ago: number, step: LookUps][] {
  return steps
    .map((step, index): [number, LookUps] => [steps.length - 1 - index, step])
    .filter(([, step]) => totalOf(step) > 0);
}

test("lookups since the last call are in the current step of every range", () => {
  const history = new LookUpHistory();
  history.note(counted(10, 1, 2), NOON_MS);
  history.note(counted(15, 1, 4), NOON_MS + 16 * MINUTE_MS);
  const nowMs = NOON_MS + 17 * MINUTE_MS;
  expect(filled(history.read(SHORT, nowMs))).toEqual([[12, counted(5, 0, 2)]]);
  expect(filled(history.read(HOUR, nowMs))).toEqual([
    [17, counted(10, 1, 2)],
    [1, counted(5, 0, 2)],
  ]);
  expect(filled(history.read(DAY, nowMs))).toEqual([[0, counted(15, 1, 4)]]);
});

test("each range has all its steps, also without lookups", () => {
  for (const range of HISTORY_RANGES) {
    const steps = new LookUpHistory().read(range, NOON_MS);
    expect([steps.length, filled(steps)]).toEqual([range.steps, []]);
  }
});

test("steps older than a range are dropped", () => {
  const history = new LookUpHistory();
  history.note(counted(1), NOON_MS);
  history.note(counted(2), NOON_MS + 60 * MINUTE_MS);
  expect(filled(history.read(HOUR, NOON_MS + 60 * MINUTE_MS))).toEqual([[0, counted(1)]]);
  expect(filled(history.read(HOUR, NOON_MS + 120 * MINUTE_MS))).toEqual([]);
});

test("a ratio counts hits of disk and bucket, and is undefined without lookups", () => {
  const counters = { get: 9, get_local_hit: 3, get_local_miss: 6, get_remote_hit: 3, get_remote_miss: 2 };
  expect(countLookUps(counters)).toEqual(counted(3, 3, 2));
  expect([hitRatio(countLookUps(counters)), hitRatio(countLookUps({}))]).toEqual([0.75, undefined]);
});
