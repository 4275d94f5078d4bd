/** What all sections of the benchmark share. */
import { type GoMachine, go, metricsOf } from "../support/go-toolchain.ts";
import type { S3Server } from "../support/s3-server.ts";
import type { TempDir } from "../support/temp-dir.ts";

export interface BenchContext {
  dir: TempDir;
  server: S3Server;
  /** Runs of each thing; more make medians steadier. */
  runs: number;
}

/** One `go build std`. */
export interface Sample {
  seconds: number;
  /** The helper's counters; none without a helper. */
  counts: Record<string, number>;
}

/** Builds the standard library, 340 packages, on a machine. Throws when that fails. */
export async function buildStd(machine: GoMachine): Promise<Sample> {
  const outcome = await go(machine, ["build", "std"]);
  if (outcome.exitCode !== 0) throw new Error(`go build std: ${outcome.stderr}`);
  return { seconds: outcome.elapsedMs / 1000, counts: metricsOf(outcome) };
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** The median of a counter. */
export function medianCount(samples: Sample[], name: string): number {
  return median(samples.map((sample) => sample.counts[name] ?? 0));
}

/** The median over pairs of a's time by b's time. */
export function medianRatio(a: Sample[], b: Sample[]): number {
  return median(a.map((sample, i) => sample.seconds / (b[i]?.seconds ?? Number.NaN)));
}

export function seconds(samples: Sample[]): string {
  const value = median(samples.map((sample) => sample.seconds));
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}
