import { expect, spyOn, test } from "bun:test";
import { BothLayouts } from "../../src/remote/both-layouts.ts";
import { SplitRemote } from "../../src/remote/split/split-remote.ts";
import { HealthFile } from "../../src/store/guard/health-file.ts";
import { untilAborted } from "../store/tampered-store.ts";
import { eventually } from "../support/eventually.ts";
import { takeCalls } from "./packed/failing-store.ts";
import { Machine } from "./packed/packed-fixture.ts";
import { entryOf, StockedBucket } from "./packed/stocked-bucket.ts";

const HELLO = entryOf("hello").actionId;

function open() {
  const bucket = new StockedBucket();
  const [one, two] = ["m1", "m2"].map((name) => new Machine(bucket, name)) as [Machine, Machine];
  const dispose = () => {
    for (const part of [one, two, bucket]) part[Symbol.dispose]();
  };
  return { bucket, one, two, [Symbol.dispose]: dispose };
}

function splitOn(machine: Machine): SplitRemote {
  const { bucket, local, counters, log, dir } = machine;
  return new SplitRemote({
    store: machine.guardedStore(),
    prefix: bucket.prefix,
    local,
    readOnly: false,
    minBytes: 0,
    concurrency: 2,
    drainTimeoutMs: 60_000,
    journalDir: dir.join("state", "split"),
    counters,
    log,
  });
}

/** Not on the default branch, which would run gc as well. */
const bothOn = (machine: Machine) =>
  new BothLayouts(machine.session({ scope: { defaultBranch: undefined } }), splitOn(machine));

/** Ends a session and returns the folders that it has written to. */
async function end(remote: BothLayouts, bucket: StockedBucket): Promise<Set<string>> {
  await remote.drain();
  await remote.settle();
  const keys = takeCalls(bucket.store, "put").map((call) => call.replace("put team/", ""));
  return new Set(keys.map((key) => key.replace(/^packed\/v1\//, "").split("/")[0] ?? ""));
}

test("puts go to both layouts", async () => {
  using team = open();
  const remote = bothOn(team.one);
  remote.put(team.one.entry("hello"));
  expect(await end(remote, team.bucket)).toEqual(new Set(["action", "head", "new", "output", "pack", "run"]));
});

test("a hit in the packed layout needs no lookup in the split one", async () => {
  using team = open();
  await team.one.put(["hello"]);
  takeCalls(team.bucket.store);
  const remote = bothOn(team.two);
  expect(await remote.get(HELLO)).toMatchObject({ sizeBytes: 5 });
  expect(team.bucket.store.calls.filter((call) => call.includes("/action/"))).toEqual([]);
  await end(remote, team.bucket);
});

test("an entry only in the split layout is found there and in packs from then on", async () => {
  using team = open();
  const split = splitOn(team.one);
  split.put(team.one.entry("hello"));
  await split.drain();
  takeCalls(team.bucket.store);
  const remote = bothOn(team.two);
  expect(await remote.get(HELLO)).toMatchObject({ sizeBytes: 5 });
  // The build cache records what it got.
  team.two.entry("hello");
  expect(await end(remote, team.bucket)).toEqual(new Set(["head", "pack", "run"]));
  using fresh = new Machine(team.bucket, "m3");
  expect(await fresh.get([HELLO])).toEqual(["hello"]);
});

test("an entry in neither layout is a miss", async () => {
  using team = open();
  const remote = bothOn(team.one);
  expect(await remote.get(HELLO)).toBeUndefined();
  expect(await end(remote, team.bucket)).toEqual(new Set());
});

test("local hits are recorded in the packed layout", async () => {
  using team = open();
  const remote = bothOn(team.one);
  remote.used(team.one.known("hello"));
  expect(await end(remote, team.bucket)).toEqual(new Set(["head", "pack", "run"]));
});

test("abort ends both layouts", async () => {
  using team = open();
  team.bucket.store.onPut = (_, __, signal) => untilAborted(signal);
  const remote = bothOn(team.one);
  remote.put(team.one.entry("hello"));
  await eventually("a request", () => team.bucket.store.calls.length > 0);
  remote.abort();
  await end(remote, team.bucket);
  expect(team.bucket.objects).toEqual([]);
});

test("if the bucket is too slow for packs, single objects are neither read nor written", async () => {
  using team = open();
  await end(bothOn(team.one), team.bucket);
  await team.one.put(["hello", "other"]);
  takeCalls(team.bucket.store);
  const { store } = team.bucket;
  const startedMs = performance.now();
  // Each request takes six seconds.
  using _now = spyOn(performance, "now").mockImplementation(() => startedMs + 6_000 * store.calls.length);
  const remote = bothOn(team.two);
  expect(await remote.get(HELLO)).toBeDefined();
  const requests = store.calls.length;
  expect([await remote.get(entryOf("unknown").actionId), store.calls.length]).toEqual([undefined, requests]);
  remote.put(team.two.entry("unknown"));
  expect(await end(remote, team.bucket)).toEqual(new Set(["head", "new", "pack", "run"]));
});

test("a lookup abandoned in the packed layout is not repeated in the split one", async () => {
  using team = open();
  await team.one.put(["hello"]);
  const { store } = team.bucket;
  store.onGet = (_, __, signal) => untilAborted(signal);
  new HealthFile(team.two.dir.join("state", "remote.json")).save({
    savedAtMs: Date.now(),
    reason: "",
    isSlow: true,
  });
  takeCalls(store);
  const remote = bothOn(team.two);
  expect(await remote.get(HELLO)).toBeUndefined();
  expect(store.calls.filter((call) => call.includes("/action/"))).toEqual([]);
  remote.abort();
});
