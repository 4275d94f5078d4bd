/** How many records a job has in the bucket. */
import { expect, test } from "bun:test";
import { parseRunName } from "../../../src/remote/runs/run-names.ts";
import { takeCalls } from "./failing-store.ts";
import { Machine } from "./packed-fixture.ts";
import { HOUR_MS, StockedBucket, scopeOf } from "./stocked-bucket.ts";

const runsIn = ({ objects }: StockedBucket) => objects.filter((key) => key.includes("/run/"));

/** Six complete runs of so many machines each. */
async function stock(bucket: StockedBucket, machines: number): Promise<void> {
  for (let run = 1; run <= 6; run++)
    for (let n = 0; n < machines; n++)
      await bucket.run([], { run: `old${run}`, machine: `x${n}`, ageMs: (10 - run) * HOUR_MS - n });
}

test("runs that only put leave eight at most, at any time", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  for (let run = 1; run <= 14; run++) {
    await machine.put([`output ${run}`], { scope: { run: `r${run}` } });
    expect(runsIn(bucket).length).toBeLessThanOrEqual(8);
  }
  const left = runsIn(bucket).map((key) => parseRunName(key)?.run);
  expect(left).toContain("r14");
});

test("runs of twenty machines leave those of the runs that are kept", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  await stock(bucket, 20);
  await machine.put(["output"], { scope: { run: "new" } });
  const runs = Map.groupBy(runsIn(bucket), (key) => parseRunName(key)?.run);
  expect([...runs].map(([run, keys]) => [run, keys.length])).toEqual([
    ["new", 1],
    ["old6", 20],
    ["old5", 20],
    ["old4", 20],
    ["old3", 20],
  ]);
});

test("old ones are removed after go's end, by one listing for each run", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  await machine.get([], {});
  await stock(bucket, 1);
  const folder = bucket.keys.runs(scopeOf());
  const session = machine.session({ scope: { run: "new" } });
  // The bucket's records were read by an earlier session, so this one has no reason to list them.
  await machine.get([machine.entry("x").actionId]);
  takeCalls(bucket.store);
  session.put(machine.entry("output"));
  await session.drain();
  const lists = () => takeCalls(bucket.store, "list").filter((call) => call.startsWith(`list ${folder}`));
  expect([lists(), runsIn(bucket).length]).toEqual([[], 7]);
  await session.settle();
  expect([lists(), runsIn(bucket).length]).toEqual([[`list ${folder}`], 5]);
  await machine.put(["another"], { scope: { run: "new" } });
  expect(lists()).toEqual([]);
});

test("those that can't be removed are tried again by the next run", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  await stock(bucket, 1);
  const { store } = bucket;
  const remove = store.delete.bind(store);
  store.delete = () => Promise.reject(new Error("503"));
  await machine.put(["one"], { scope: { run: "one" } });
  expect(runsIn(bucket).length).toBe(7);
  store.delete = remove;
  await machine.put(["two"], { scope: { run: "two" } });
  expect(runsIn(bucket).length).toBe(6);
});
