/**
 * The short form of `npm run faults`: every fault while go builds, tests, vets and lists a small module, in both layouts.
 * `FAULTS_SEED=N` repeats a run.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { randomOf } from "./random.ts";
import { complaints, formatSeconds } from "./report.ts";
import { ROWS } from "./rows.ts";
import { type Stage, setStage } from "./stage.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

const PACKAGES = 10;
const seed = Number(process.env.FAULTS_SEED ?? Math.floor(Math.random() * 2 ** 31));

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({ packages: PACKAGES });
  console.log(`seed ${seed}; without a cache ${formatSeconds(stage.reference.seconds)}`);
});
afterAll(async () => await stage[Symbol.asyncDispose]());

for (const { fault, cases } of ROWS) {
  for (const { what, run } of cases.short) {
    test(`${fault}: ${what}`, async () => {
      const verdict = await run(stage, randomOf(seed, `${fault} ${what}`));
      console.log(`${fault}: ${what}: ${formatSeconds(verdict.seconds)}`);
      expect(complaints(verdict)).toEqual([]);
    });
  }
}
