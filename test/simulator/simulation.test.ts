/** A short form of `npm run simulate`. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomOf } from "../faults/random.ts";
import { FAULTS } from "./faults.ts";
import { mediumScenario } from "./scenario.ts";
import { simulate } from "./simulation.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const SEEDS = 4;
/** So many seeds are tried to find a fault. */
const MAX_SEEDS = 300;

const scenarioOf = (seed: number) => mediumScenario(seed, randomOf(seed, "scenario"));

test("weeks of runs, failures and collections lose nothing that a run needs", async () => {
  for (let seed = 1; seed <= SEEDS; seed++)
    expect((await simulate(scenarioOf(seed))).broken?.message).toBeUndefined();
});

test("the same seed leads to the same requests", async () => {
  const outcomes = [await simulate(scenarioOf(7)), await simulate(scenarioOf(7))];
  expect(outcomes[0]).toEqual(outcomes[1] as (typeof outcomes)[0]);
});

describe("it is found when", () => {
  test.each(Object.entries(FAULTS))("%s", async (_, fault) => {
    let broken: Error | undefined;
    for (let seed = 1; broken === undefined && seed <= MAX_SEEDS; seed++)
      broken = (await simulate(scenarioOf(seed), { fault })).broken;
    expect(broken).toBeDefined();
  });
});
