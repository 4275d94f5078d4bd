import { addLookUps, type LookUps, totalOf } from "./look-ups.ts";

/** The time that a chart shows, in equal steps. */
export interface HistoryRange {
  /** In the URL. */
  name: string;
  label: string;
  stepMs: number;
  steps: number;
}

const NONE: LookUps = { local: 0, remote: 0, missed: 0 };

const [SECOND_MS, MINUTE_MS] = [1_000, 60_000];

/** The shortest first. */
export const HISTORY_RANGES = [
  { name: "5m", label: "5 minutes", stepMs: 5 * SECOND_MS, steps: 60 },
  { name: "1h", label: "1 hour", stepMs: MINUTE_MS, steps: 60 },
  { name: "24h", label: "24 hours", stepMs: 30 * MINUTE_MS, steps: 48 },
] as const satisfies HistoryRange[];

/** The lookups of the last day, in the steps of each range. Memory is bounded by the steps of the ranges. */
export class LookUpHistory {
  readonly #steps = new Map<HistoryRange, Map<number, LookUps>>(
    HISTORY_RANGES.map((range) => [range, new Map()]),
  );
  #before = NONE;

  /** Adds the lookups since the last call. `now`: all since the start. */
  note(now: LookUps, nowMs: number): void {
    const { local, remote, missed } = this.#before;
    this.#before = now;
    const added = { local: now.local - local, remote: now.remote - remote, missed: now.missed - missed };
    if (totalOf(added) === 0) return;
    for (const [range, steps] of this.#steps) {
      const step = Math.floor(nowMs / range.stepMs);
      steps.set(step, addLookUps(steps.get(step) ?? NONE, added));
      for (const old of steps.keys()) if (old <= step - range.steps) steps.delete(old);
    }
  }

  /** The steps of a range, oldest first; the last is the current one. */
  read(range: HistoryRange, nowMs: number): LookUps[] {
    const steps = this.#steps.get(range);
    const last = Math.floor(nowMs / range.stepMs);
    return Array.from({ length: range.steps }, (_, index) => {
      return steps?.get(last - range.steps + 1 + index) ?? NONE;
    });
  }
}
