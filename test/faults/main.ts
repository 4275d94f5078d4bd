/**
 * `npm run faults [-- NAME… [--seed=N]]`: real go commands through the executable during faults of every kind, one
 * fault at a time. A name is a part of a fault's name. Prints a Markdown table; exit code 1 when a run did not meet its
 * expectations. The same seed draws the same random numbers.
 */
import { parseArgs } from "node:util";
import { randomOf } from "./random.ts";
import { complaints, extraSeconds, formatSeconds, type Run, report, slowness } from "./report.ts";
import type { Row } from "./row.ts";
import { ROWS } from "./rows.ts";
import { type Alone, type Stage, setStage } from "./stage.ts";

const PACKAGES = 200;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) } },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed=${values.seed} is not a whole number`);
  const rows = positionals.length === 0 ? ROWS : positionals.flatMap(rowsNamed);
  console.error(`seed ${seed}`);
  const startedMs = performance.now();
  await using stage = await setStage({ packages: PACKAGES, reference: "alone" });
  const results: { fault: string; runs: Run[] }[] = [];
  for (const row of rows) results.push({ fault: row.fault, runs: await playRow(stage, row, seed) });
  const minutes = ((performance.now() - startedMs) / 60_000).toFixed(0);
  console.log(`${PACKAGES} packages, seed ${seed}, ${minutes} minutes\n\n${report(results)}`);
  if (results.some(({ runs }) => runs.some((run) => problems(run).length > 0))) process.exitCode = 1;
}

function rowsNamed(name: string): Row[] {
  const rows = ROWS.filter(({ fault }) => fault.toLowerCase().includes(name.toLowerCase()));
  if (rows.length === 0)
    throw new Error(
      `no fault has ${name} in its name; there are ${ROWS.map(({ fault }) => fault).join("; ")}`,
    );
  return rows;
}

async function playRow(stage: Stage, { fault, cases }: Row, seed: number): Promise<Run[]> {
  const runs: Run[] = [];
  const seconds = new Map<string, number>();
  /** Measured once per row, since a machine gets slower and faster. */
  const secondsAlone = async (alone: Alone = {}) => {
    const key = JSON.stringify(alone);
    const known = seconds.get(key) ?? (await stage.playAlone(alone));
    seconds.set(key, known);
    return known;
  };
  for (const [index, { what, run }] of cases.full.entries()) {
    const verdict = await run(stage, randomOf(seed, `${fault} ${what} ${index}`));
    const result = { verdict, noCacheSeconds: await secondsAlone(verdict.alone) };
    runs.push(result);
    const summary = `${fault}: ${what}: ${formatSeconds(extraSeconds(result))} more`;
    console.error([summary, ...problems(result)].join("\n  "));
  }
  return runs;
}

function problems(run: Run): string[] {
  return [...slowness(run), ...complaints(run.verdict)];
}

await main();
