import { expect, test } from "bun:test";
import { MissLog } from "../../src/buildcache/miss-log.ts";
import { Counters } from "../../src/lib/counters.ts";

const id = (n: number) => n.toString(16).padStart(64, "0");

test("remembers a miss once, with its first reason, and what was never made", () => {
  const log = new MissLog(new Counters());
  log.missed(id(1), "slow");
  log.missed(id(1), "unknown");
  expect(log.misses).toEqual([
    { actionId: id(1), reason: "slow", missedAtMs: expect.any(Number), madeMs: undefined },
  ]);
});

test("measures from the miss to the put; side by side counts once", () => {
  const counters = new Counters();
  let clockMs = 0;
  const log = new MissLog(counters, () => clockMs);
  for (const [at, n] of [
    [0, 1],
    [10, 2],
  ] as const) {
    clockMs = at;
    log.missed(id(n), "unknown");
  }
  for (const [at, n] of [
    [40, 1],
    [50, 2],
    [90, 2],
    [95, 3],
  ] as const) {
    clockMs = at;
    log.made(id(n));
  }
  expect(log.misses.map(({ madeMs }) => madeMs)).toEqual([40, 40]);
  expect(counters.get("made_ms")).toBe(50);
});

test("only counts what is beyond its bound", () => {
  const log = new MissLog(new Counters());
  for (let n = 0; n < 20_003; n++) log.missed(id(n), "unknown");
  expect([log.misses.length, log.unlisted]).toEqual([20_000, 3]);
});
