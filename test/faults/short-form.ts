/** The short form of `npm run faults`: the same faults with a small module, at the same moments in every run. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SUITE_SEED } from "../support/seed.ts";
import { randomOf } from "./random.ts";
import { complaints, formatSeconds } from "./report.ts";
import type { Case, Row } from "./row.ts";
import { ROWS } from "./rows.ts";
import { type Stage, setStage } from "./stage.ts";

const PACKAGES = 10;

/** A test for each case that `choose` selects from a row's short form. */
export function testShortForm(choose: (cases: Row["cases"]["short"]) => Case[]): void {
  // Only a guard against hanging.
  setDefaultTimeout(1_800_000);

  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage({ packages: PACKAGES, reference: "without-bucket" });
    console.log(`seed ${SUITE_SEED}; while nothing fails ${formatSeconds(stage.reference.seconds)}`);
  });
  afterAll(async () => await stage[Symbol.asyncDispose]());

  for (const { fault, cases } of ROWS) {
    for (const { what, run } of choose(cases.short)) {
      test(`${fault}: ${what}`, async () => {
        const verdict = await run(stage, randomOf(SUITE_SEED, `${fault} ${what}`));
        console.log(`${fault}: ${what}: ${formatSeconds(verdict.seconds)}`);
        expect(complaints(verdict)).toEqual([]);
      });
    }
  }
}
