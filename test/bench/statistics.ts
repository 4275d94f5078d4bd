import type { Sample } from "./measure.ts";

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

export function medianOf(samples: Sample[], value: (sample: Sample) => number): number {
  return median(samples.map(value));
}

export function medianSeconds(samples: Sample[]): number {
  return medianOf(samples, ({ seconds }) => seconds);
}

/** The median over pairs of a's time by b's time, of one run each. */
export function medianRatio(a: Sample[], b: Sample[]): number {
  return median(a.map((sample, i) => sample.seconds / (b[i]?.seconds ?? Number.NaN)));
}
