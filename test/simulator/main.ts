/**
 * `npm run simulate [-- --from=SEED --seeds=N]`: weeks of a team with troubles of all kinds, for each seed. Prints what
 * breaks, and ends with 1 then. A seed that breaks something does so again: `--from=SEED --seeds=1`.
 *
 * `npm run simulate -- --days=90 [--jobs=N --runs=A_DAY --dying=SHARE]`: a team of so many jobs and what its bucket comes
 * to, day by day. `--runs`: of each job. `--dying`: the share of collections that are killed.
 */
import { parseArgs } from "node:util";
import { randomOf } from "../faults/random.ts";
import { runQuarter } from "./quarter.ts";
import { mediumScenario } from "./scenario.ts";
import { simulate } from "./simulation.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      from: { type: "string", default: "1" },
      seeds: { type: "string", default: "1000" },
      days: { type: "string" },
      jobs: { type: "string", default: "20" },
      runs: { type: "string", default: "50" },
      dying: { type: "string", default: "0" },
    },
  });
  const [from, seeds] = [Number(values.from), Number(values.seeds)];
  if (!(Number.isSafeInteger(from) && seeds > 0)) throw new Error("--from and --seeds: whole numbers");
  if (values.days !== undefined) {
    const [days, jobs, runs] = [Number(values.days), Number(values.jobs), Number(values.runs)];
    return (await runQuarter({ seed: from, days, jobs, runs, dying: Number(values.dying) })) ? 0 : 1;
  }
  return (await runSeeds(from, seeds)) ? 0 : 1;
}

async function runSeeds(from: number, seeds: number): Promise<boolean> {
  const startedMs = performance.now();
  const sum = { runs: 0, requests: 0, broken: 0 };
  for (let seed = from; seed < from + seeds; seed++) {
    const { runs, requests, broken } = await simulate(mediumScenario(seed, randomOf(seed, "scenario")));
    sum.runs += runs;
    sum.requests += requests;
    if ((seed - from) % 100 === 99) console.error(`${seed - from + 1} seeds, ${sum.runs} runs`);
    if (broken !== undefined) {
      sum.broken++;
      console.log(broken.message);
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const perSecond = Math.round(sum.requests / seconds);
  console.log(
    `${seeds} seeds from ${from}: ${sum.runs} runs, ${sum.requests} requests, ${perSecond} a second; ${sum.broken} broken`,
  );
  return sum.broken === 0;
}

process.exitCode = await main();
