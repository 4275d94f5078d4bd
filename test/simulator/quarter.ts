/**
 * A busy team's bucket, day by day: how many records a job has, how large the bucket is for what is needed of it, and
 * what collections cost.
 */
import { markdownTable } from "../support/markdown-table.ts";
import { takeAccount } from "./account.ts";
import { quarterScenario } from "./scenario.ts";
import { simulate } from "./simulation.ts";

export interface QuarterOptions {
  seed: number;
  days: number;
  runsPerDay: number;
  /** The share of collections that are killed. */
  dying: number;
}

/** Prints a table; returns whether nothing broke. */
export async function runQuarter({ seed, days, runsPerDay, dying }: QuarterOptions): Promise<boolean> {
  const gc = { perDay: 1, dying, limitMs: 60_000, byHand: 0 };
  const rows: string[][] = [];
  const before = { requests: 0, runs: 0 };
  const startedMs = performance.now();
  const outcome = await simulate(quarterScenario(seed, { days, runsPerDay, gc }), {
    onDay: async (world, cost) => {
      const { all, named, used, needed, packs, mostRecords, jobs } = await takeAccount(world);
      const mib = (size: number) => (size / 2 ** 20).toFixed(1);
      rows.push([
        world.day.toFixed(0),
        `${jobs}`,
        `${mostRecords}`,
        `${packs}`,
        mib(all),
        (all / needed).toFixed(2),
        mib(named),
        (named / used).toFixed(2),
        `${cost.stretches}`,
        `${cost.requests}`,
        `${cost.reads}`,
        (cost.longestMs / 1000).toFixed(1),
        `${world.bucket.requests - before.requests}`,
      ]);
      before.requests = world.bucket.requests;
      Object.assign(cost, { stretches: 0, finished: 0, requests: 0, reads: 0, longestMs: 0 });
      console.error(rows.at(-1)?.join("\t"));
    },
  });
  const seconds = (performance.now() - startedMs) / 1000;
  const titles = [
    ...[
      "day",
      "jobs",
      "most records of a job",
      "packs",
      "MiB",
      "MiB / needed",
      "named MiB",
      "named / used",
      "gc stretches",
    ],
    ...["gc requests", "gc reads", "longest stretch, s", "requests"],
  ];
  console.log(markdownTable(titles, rows));
  console.log(`${outcome.runs} runs, ${outcome.requests} requests in ${seconds.toFixed(0)} s`);
  if (outcome.broken !== undefined) console.log(outcome.broken.message);
  return outcome.broken === undefined;
}
