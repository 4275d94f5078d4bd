import { describe, expect, test } from "bun:test";
import { isStretchDue, readGcStatus, takeLease } from "../../../../src/remote/packed/gc/lease.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { DAY_MS } from "../stocked-bucket.ts";
import { PREFIX, START_MS, World } from "./world.ts";

const MINUTE_MS = 60_000;
const NOW = START_MS;

/** A bucket in which the last round ended two days ago. */
async function established(): Promise<World> {
  const world = new World();
  await world.put(`${world.keys.root}gc/finished.json`, new Uint8Array(), 2 * DAY_MS);
  return world;
}

describe("no stretch is due", () => {
  test.each([
    ["just after somebody began", { activeMs: NOW - 1, finishedMs: undefined, isUnfinished: true }],
    [
      "while somebody is at it",
      { activeMs: NOW - 4 * MINUTE_MS, finishedMs: NOW - 9 * DAY_MS, isUnfinished: true },
    ],
    [
      "for a day after a round",
      { activeMs: NOW - DAY_MS, finishedMs: NOW - 0.99 * DAY_MS, isUnfinished: false },
    ],
  ])("%s", (_, status) => {
    expect(isStretchDue({ ...status, nowMs: NOW })).toBe(false);
  });
});

describe("a stretch is due", () => {
  test.each([
    ["in a new bucket", { activeMs: undefined, finishedMs: undefined, isUnfinished: false }],
    [
      "when the holder has died",
      { activeMs: NOW - 5 * MINUTE_MS, finishedMs: NOW - DAY_MS, isUnfinished: true },
    ],
    ["a day after a round", { activeMs: NOW - 2 * DAY_MS, finishedMs: NOW - DAY_MS, isUnfinished: false }],
    [
      "when a wrong clock took the lease",
      { activeMs: NOW + DAY_MS, finishedMs: undefined, isUnfinished: true },
    ],
    [
      "when a wrong clock ended the round",
      { activeMs: undefined, finishedMs: NOW + DAY_MS, isUnfinished: false },
    ],
    ["when the server sends no times", { activeMs: 0, finishedMs: 0, isUnfinished: false }],
  ])("%s", (_, status) => {
    expect(isStretchDue({ ...status, nowMs: NOW })).toBe(true);
  });
});

test("of two machines that ask at once, one begins", async () => {
  const world = await established();
  const options = { store: world.store, prefix: PREFIX };
  const results = await Promise.all([takeLease(options), takeLease(options), takeLease(options)]);
  expect(results.filter(({ isTaken }) => isTaken)).toHaveLength(1);
});

test("of two machines that find an expired lease, one begins", async () => {
  const world = await established();
  const options = { store: world.store, prefix: PREFIX };
  await takeLease(options);
  world.nowMs += 5 * MINUTE_MS;
  const results = await Promise.all([takeLease(options), takeLease(options)]);
  expect(results.filter(({ isTaken }) => isTaken)).toHaveLength(1);
});

test("a killed holder's lease expires, and the status tells that the round is unfinished", async () => {
  const world = await established();
  const options = { store: world.store, prefix: PREFIX };
  expect((await takeLease(options)).isTaken).toBe(true);
  world.nowMs += 4 * MINUTE_MS;
  expect(await takeLease(options)).toMatchObject({ isTaken: false, status: { isUnfinished: true } });
  world.nowMs += MINUTE_MS;
  expect((await takeLease(options)).isTaken).toBe(true);
});

test("a long collection keeps its lease, in every part of it", async () => {
  const world = new World();
  for (let i = 0; i < 40; i++) await world.run({}, { job: String(i) });
  for (let i = 0; i < 5_000; i++)
    await world.put(world.keys.pack(sha256Hex(String(i))), new Uint8Array(), 9 * DAY_MS);
  await world.collect();
  world.nowMs += 3 * DAY_MS;
  for (let i = 0; i < 40; i++) await world.run({}, { job: String(i) });
  let leaseMs = world.nowMs;
  let longestMs = 0;
  world.store.onRequest = (operation, key) => {
    // A removal is one of many.
    world.nowMs += { delete: 500, list: 70_000 }[operation as string] ?? 10_000;
    longestMs = Math.max(longestMs, world.nowMs - leaseMs);
    if (operation === "put" && key.endsWith("gc/lease.json")) leaseMs = world.nowMs;
  };
  const report = await world.collect({ elapsedMs: () => world.nowMs });
  expect(report.packs?.removed.count).toBe(5_000);
  expect(longestMs).toBeLessThan(5 * MINUTE_MS);
});

test("the status tells when the last round ended, by the store's clock", async () => {
  const world = new World();
  const options = { store: world.store, prefix: PREFIX };
  expect(await readGcStatus(options)).toMatchObject({ finishedMs: undefined, isUnfinished: false });
  await world.collect();
  world.nowMs += 1_000;
  expect(await readGcStatus(options)).toEqual({
    finishedMs: START_MS,
    activeMs: START_MS,
    isUnfinished: false,
    nowMs: START_MS + 1_000,
  });
});

test("a dry run leaves no lease", async () => {
  const world = new World();
  await world.collect({ dryRun: true });
  expect(world.store.keys()).toEqual([]);
});

test("the first machine of a new bucket takes no lease, and the first round is due a day later", async () => {
  const world = new World();
  const options = { store: world.store, prefix: PREFIX };
  expect((await takeLease(options)).isTaken).toBe(false);
  world.nowMs += 0.9 * DAY_MS;
  expect((await takeLease(options)).isTaken).toBe(false);
  world.nowMs += 0.2 * DAY_MS;
  expect((await takeLease(options)).isTaken).toBe(true);
});
