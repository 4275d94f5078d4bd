/** Takes the measurements. */
import { type GoMachine, type GoOutcome, go, metricsOf } from "../support/go-toolchain.ts";
import type { Machine } from "../support/machine.ts";
import { helperEnd } from "./helper-end.ts";
import type { Line, Traffic } from "./line.ts";

/** The costs of some go commands, and of their helpers. */
export interface Sample {
  seconds: number;
  /** Each command's own time. */
  each: number[];
  /** The helper's counters when it answered close; none without a helper. */
  counts: Record<string, number>;
  /** The largest peak resident memory of a helper. */
  peakBytes: number;
  /** How long a helper ran after go. */
  lingerSeconds: number;
  /** Until the helper had ended; `undefined`: nothing was watched. */
  traffic?: Traffic | undefined;
}

export interface MeasureOptions {
  cwd: string;
  /** The line to record the traffic of. */
  line?: Line | undefined;
  /** All commands start together; otherwise one after the other. */
  atOnce?: boolean;
}

/** Runs go commands on a machine, and returns when the last helper has ended. Throws when a command fails. */
export async function measure(
  machine: Machine,
  commands: string[][],
  { cwd, line, atOnce = false }: MeasureOptions,
): Promise<Sample> {
  await line?.takeTraffic();
  const startedMs = performance.now();
  const outcomes = atOnce
    ? await Promise.all(commands.map((args) => goWell(machine, args, cwd)))
    : await inSequence(commands, (args) => goWell(machine, args, cwd));
  const seconds = (performance.now() - startedMs) / 1000;
  const end = await helperEnd(machine);
  const counts = outcomes.map(metricsOf);
  const peaks = counts.map(({ peak_memory_bytes = 0 }) => peak_memory_bytes);
  return {
    seconds,
    each: outcomes.map(({ elapsedMs }) => elapsedMs / 1000),
    counts: sumOf(counts),
    peakBytes: Math.max(end.peakBytes, ...peaks),
    lingerSeconds: end.lingerSeconds,
    traffic: await line?.takeTraffic(),
  };
}

/** Throws when the command fails. */
export async function goWell(machine: GoMachine, args: string[], cwd: string): Promise<GoOutcome> {
  const outcome = await go(machine, args, { cwd });
  if (outcome.exitCode !== 0)
    throw new Error(`go ${args.join(" ")} in ${cwd}: ${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

async function inSequence<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/**
 * Measures each variant `runs` times in turns, every other turn in reverse order: a machine gets slower or faster while
 * it is measured, and that must affect all variants alike.
 */
export async function inTurns<Name extends string, T = Sample>(
  runs: number,
  variants: Record<Name, (run: number) => Promise<T>>,
): Promise<Record<Name, T[]>> {
  const names = Object.keys(variants) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, T[]>;
  for (let run = 0; run < runs; run++) {
    for (const name of run % 2 === 0 ? names : names.toReversed()) {
      console.error(`  ${name}, ${run + 1} of ${runs}`);
      samples[name].push(await variants[name](run));
    }
  }
  return samples;
}

/** All of them together as one. */
export function total(samples: Sample[]): Sample {
  const traffics = samples.flatMap(({ traffic }) => (traffic === undefined ? [] : [{ ...traffic }]));
  return {
    seconds: sum(samples.map(({ seconds }) => seconds)),
    each: samples.flatMap(({ each }) => each),
    counts: sumOf(samples.map(({ counts }) => counts)),
    peakBytes: Math.max(...samples.map(({ peakBytes }) => peakBytes)),
    lingerSeconds: Math.max(...samples.map(({ lingerSeconds }) => lingerSeconds)),
    traffic: traffics.length === 0 ? undefined : (sumOf(traffics) as unknown as Traffic),
  };
}

function sumOf(records: Record<string, number>[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const record of records)
    for (const [name, value] of Object.entries(record)) result[name] = (result[name] ?? 0) + value;
  return result;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
