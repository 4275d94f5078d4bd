export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

export function medianOf<T>(samples: T[], value: (sample: T) => number): number {
  return median(samples.map(value));
}

export function medianSeconds(samples: { seconds: number }[]): number {
  return medianOf(samples, ({ seconds }) => seconds);
}

/** The median over pairs of a's time by b's time, of one run each; `value`: by another measure. */
export function medianRatio<T extends { seconds: number }>(
  a: T[],
  b: T[],
  value: (sample: T) => number = ({ seconds }) => seconds,
): number {
  return median(a.map((sample, i) => value(sample) / (b[i] === undefined ? Number.NaN : value(b[i]))));
}
