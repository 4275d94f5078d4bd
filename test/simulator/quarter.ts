/**
 * A busy team's bucket, day by day: how many records a job has, how large the bucket is for what is needed of it, and
 * what collections cost.
 */
import { markdownTable } from "../support/markdown-table.ts";
import { type Account, PARTS, takeAccount } from "./account.ts";
import type { GcCost } from "./collector.ts";
import { quarterScenario } from "./scenario.ts";
import { simulate } from "./simulation.ts";
import type { World } from "./world.ts";

/** Jobs of a project: on main and on its pull requests. */
const JOBS = 5;

export interface QuarterOptions {
  seed: number;
  days: number;
  jobs: number;
  /** Of each job, a day. */
  runs: number;
  /** The share of collections that are killed. */
  dying: number;
}

/** Prints a table of the days, and one of what the bytes are; returns whether nothing broke. */
export async function runQuarter({ seed, days, jobs, runs, dying }: QuarterOptions): Promise<boolean> {
  // Each run of the default branch looks whether a collection is due.
  const gc = { perDay: 24, dying, limitMs: 60_000, byHand: 0 };
  const projects = Math.ceil(jobs / JOBS);
  const rows: string[][] = [];
  const accounts: Account[] = [];
  const before = { requests: 0, packBytes: 0, found: 0, compiled: 0 };
  const startedMs = performance.now();
  const outcome = await simulate(quarterScenario(seed, { days, projects, runsPerDay: runs * jobs, gc }), {
    onDay: async (world, cost) => {
      const account = await takeAccount(world);
      accounts.push(account);
      rows.push(rowOf(world, account, cost, before));
      const { requests, packBytes, found, compiled } = world.bucket;
      Object.assign(before, { requests, packBytes, found, compiled });
      Object.assign(cost, { stretches: 0, finished: 0, requests: 0, reads: 0, longestMs: 0 });
      console.error(rows.at(-1)?.join("\t"));
    },
  });
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(markdownTable(TITLES, rows));
  console.log(describeBytes(accounts.slice(-Math.ceil(days / 2))));
  console.log(`${outcome.runs} runs, ${outcome.requests} requests in ${seconds.toFixed(0)} s`);
  if (outcome.broken !== undefined) console.log(outcome.broken.message);
  return outcome.broken === undefined;
}

const TITLES = [
  ...[
    "day",
    "jobs",
    "most records of a job",
    "packs",
    "packs of a run",
    "MiB",
    "MiB / used",
    "MiB / used by newest runs",
  ],
  ...["gc stretches", "gc requests", "gc reads", "longest stretch, s"],
  ...["requests", "uploaded MiB", "found", "compiled"],
];

/** `before`: what the bucket had counted at the end of the day before. */
function rowOf(
  world: World,
  account: Account,
  cost: GcCost,
  before: Pick<World["bucket"], Counted>,
): string[] {
  const { bucket, day } = world;
  const { allBytes, sizes, usedByNewest, packsOfRun } = account;
  const ofRun = `${packsOfRun.mean.toFixed(0)}, at most ${packsOfRun.most}`;
  return [
    ...[
      day.toFixed(0),
      `${account.jobs}`,
      `${account.mostRecords}`,
      `${account.packs}`,
      ofRun,
      mib(allBytes),
    ],
    ...[(allBytes / sizes.used).toFixed(2), (allBytes / usedByNewest).toFixed(2)],
    ...[`${cost.stretches}`, `${cost.requests}`, `${cost.reads}`, (cost.longestMs / 1000).toFixed(1)],
    ...[`${bucket.requests - before.requests}`, mib(bucket.packBytes - before.packBytes)],
    ...[`${bucket.found - before.found}`, `${bucket.compiled - before.compiled}`],
  ];
}

type Counted = "requests" | "packBytes" | "found" | "compiled";

function describeBytes(accounts: readonly Account[]): string {
  const mean = (pick: (account: Account) => number) =>
    accounts.reduce((sum, account) => sum + pick(account), 0) / accounts.length;
  const used = mean(({ sizes }) => sizes.used);
  const row = (text: string, pick: (account: Account) => number) => {
    const size = mean(pick);
    return [text, mib(size), (size / used).toFixed(2)];
  };
  return markdownTable(
    [`mean of the last ${accounts.length} days`, "MiB", "/ used"],
    [
      ...PARTS.map(([part, text]) => row(text, ({ sizes }) => sizes[part])),
      row("all", ({ allBytes }) => allBytes),
      row("of what is used: by the newest complete run of each job", ({ usedByNewest }) => usedByNewest),
    ],
  );
}

function mib(size: number): string {
  return (size / 2 ** 20).toFixed(1);
}
