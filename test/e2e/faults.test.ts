/**
 * The short form of `npm run faults`: every fault while go builds, tests, vets and lists a small module, in both layouts.
 * The moments of faults are the same in every run.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { randomOf } from "../faults/random.ts";
import { complaints, formatSeconds } from "../faults/report.ts";
import { ROWS } from "../faults/rows.ts";
import { type Stage, setStage } from "../faults/stage.ts";
import { SUITE_SEED } from "../support/seed.ts";

// A guard against hanging only.
setDefaultTimeout(1_800_000);

const PACKAGES = 10;

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({ packages: PACKAGES });
  console.log(`seed ${SUITE_SEED}; without a cache ${formatSeconds(stage.reference.seconds)}`);
});
afterAll(async () => await stage[Symbol.asyncDispose]());

for (const { fault, cases } of ROWS) {
  for (const { what, run } of cases.short) {
    test(`${fault}: ${what}`, async () => {
      const verdict = await run(stage, randomOf(SUITE_SEED, `${fault} ${what}`));
      console.log(`${fault}: ${what}: ${formatSeconds(verdict.seconds)}`);
      expect(complaints(verdict)).toEqual([]);
    });
  }
}
