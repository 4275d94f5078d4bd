import { expect, test } from "bun:test";
import { LookupLog } from "../../src/buildcache/lookup-log.ts";
import { Counters } from "../../src/lib/counters.ts";

const id = (n: number) => n.toString(16).padStart(64, "0");

/** A log with a clock that shows the last value of `at`. */
function openLog(processors = 1) {
  const clock = { at: 0 };
  const counters = new Counters();
  return { clock, counters, log: new LookupLog(counters, { now: () => clock.at, processors }) };
}

test("lists a miss once, with its first reason, even if it was never put", () => {
  const { log } = openLog();
  log.missed(id(1), "slow");
  log.missed(id(1), "unknown");
  expect(log.misses).toEqual([
    { actionId: id(1), reason: "slow", missedAtMs: expect.any(Number), compileMs: undefined },
  ]);
});

test("measures the time from the miss to the first put", () => {
  const { clock, log } = openLog();
  log.missed(id(1), "unknown");
  clock.at = 40;
  log.compiled(id(1));
  clock.at = 90;
  log.compiled(id(1));
  log.compiled(id(2));
  expect(log.misses.map(({ compileMs }) => compileMs)).toEqual([40]);
});

test("what go has made without a put counts up to the time when it was made", () => {
  const { log } = openLog();
  for (const n of [1, 2]) log.missed(id(n), "unknown");
  const [{ missedAtMs = 0 } = {}] = log.misses;
  log.compiledAt(id(1), missedAtMs + 300);
  log.compiledAt(id(1), missedAtMs + 400);
  // By a clock of the file system that is behind.
  log.compiledAt(id(2), missedAtMs - 60_000);
  log.compiledAt(id(3), missedAtMs);
  expect(log.misses.map(({ compileMs }) => compileMs)).toEqual([300, 0]);
});

test("finds a miss by how its id begins", () => {
  const { log } = openLog();
  expect(log.findMiss("")).toBeUndefined();
  for (const n of [0x10, 0x11]) log.missed(id(n), "unknown");
  log.hit(id(0x12), 0);
  expect(["", id(0x11).slice(0, -1), id(0x11), id(0x12)].map((start) => log.findMiss(start))).toEqual([
    id(0x10),
    id(0x10),
    id(0x11),
    undefined,
  ]);
});

/** Actions 0 to 59 miss at 0 and are put at 600. */
function fullBuild(processors: number) {
  const { clock, log } = openLog(processors);
  for (let n = 0; n < 60; n++) log.missed(id(n), "unknown");
  clock.at = 600;
  for (let n = 0; n < 60; n++) log.compiled(id(n));
  return log;
}

test("entries compiled in parallel split the time", () => {
  const times = fullBuild(4).compileTimes;
  expect(times).toHaveLength(60);
  expect(new Set(times.map(([, ms]) => ms))).toEqual(new Set([10]));
});

test("entries that are never put get no share of the time", () => {
  const { clock, log } = openLog();
  log.missed(id(1), "unknown");
  log.missed(id(2), "unknown");
  clock.at = 40;
  log.compiled(id(1));
  expect(log.compileTimes).toEqual([[id(1), 40]]);
});

test("a session with few entries counts as if all processors had been busy", () => {
  const { clock, log } = openLog(8);
  log.missed(id(1), "unknown");
  clock.at = 800;
  log.compiled(id(1));
  expect(log.compileTimes).toEqual([[id(1), 100]]);
});

test("lists hits, unless the action missed before", () => {
  const { log } = openLog();
  log.hit(id(1), 5);
  log.missed(id(2), "unknown");
  log.hit(id(2), 7);
  log.hit(id(3), 9);
  log.hit("0a", 9);
  expect([...log.hits()]).toEqual([
    { actionId: id(1), putTimeMs: 5 },
    { actionId: id(3), putTimeMs: 9 },
  ]);
});

test("hits beyond the bound are ignored", () => {
  const { log } = openLog();
  for (let n = 0; n < 200_003; n++) log.hit(id(n), n);
  let count = 0;
  for (const _ of log.hits()) count++;
  expect(count).toBe(200_000);
});

test("concurrent waits for the remote count once", () => {
  const { clock, counters, log } = openLog();
  const ends = [log.beginWait(), log.beginWait()];
  clock.at = 30;
  ends[0]?.();
  clock.at = 50;
  ends[1]?.();
  expect(counters.get("remote_wait_ms")).toBe(50);
});

test("misses beyond the bound are only counted", () => {
  const { log } = openLog();
  for (let n = 0; n < 20_003; n++) log.missed(id(n), "unknown");
  expect([log.misses.length, log.unlisted]).toEqual([20_000, 3]);
});
