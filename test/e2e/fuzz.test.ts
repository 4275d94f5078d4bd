/** The short form of `npm run fuzz`, always with the same seed, and every input that once broke something. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { fixturesOf } from "../fuzz/fixtures.ts";
import { makeRecordings, type Recordings } from "../fuzz/recordings/recordings.ts";
import { runTarget } from "../fuzz/run-target.ts";
import { TARGETS } from "../fuzz/targets.ts";
import { SUITE_SEED } from "../support/seed.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** Cases of each target, for each thousand cases of the full form. */
const CASES_PER_THOUSAND = 8;

let recordings: Recordings;

beforeAll(async () => {
  recordings = await makeRecordings();
});

describe.each(TARGETS.map((target) => [target.name, target] as const))("%s", (name, target) => {
  test(`${target.promise}`, async () => {
    const report = await runTarget(target, recordings, {
      cases: CASES_PER_THOUSAND * target.thousands,
      seed: SUITE_SEED,
    });
    expect(report.findings).toEqual([]);
    expect(report.cases).toBeGreaterThanOrEqual(CASES_PER_THOUSAND * target.thousands);
    expect([report.accepted > 0, report.refused > 0]).toEqual([true, true]);
  });

  test.each(fixturesOf(name).map(({ name: file, input }) => [file, input] as const))(
    "input %s no longer breaks the promise",
    async (_, input) => {
      target.recordings(recordings);
      expect(["accepted", "refused"]).toContain(await target.attempt(input));
      await target.close?.();
    },
  );
});
