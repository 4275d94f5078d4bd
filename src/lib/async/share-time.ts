export interface Interval {
  startMs: number;
  endMs: number;
}

/**
 * The part of each interval when all intervals that are open at an instant split that instant evenly: two that overlap
 * completely get half of their length each. The parts add up to the time that at least one interval covers.
 */
export function shareTime(intervals: readonly Interval[]): number[] {
  const events = intervals
    .flatMap(({ startMs, endMs }) => [
      { atMs: startMs, change: 1 },
      { atMs: Math.max(startMs, endMs), change: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs);
  /** The share of an interval that were open all the time, up to then. */
  const shareAt = new Map<number, number>();
  let open = 0;
  let share = 0;
  let lastMs = 0;
  for (const { atMs, change } of events) {
    if (open > 0) share += (atMs - lastMs) / open;
    open += change;
    lastMs = atMs;
    shareAt.set(atMs, share);
  }
  const until = (atMs: number) => shareAt.get(atMs) ?? 0;
  return intervals.map(({ startMs, endMs }) => until(Math.max(startMs, endMs)) - until(startMs));
}
