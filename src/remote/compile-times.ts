/** Upper bound of a compile time that a record claims. */
export const MAX_COMPILE_MS = 24 * 3_600_000;

/** Compile times by action, in milliseconds of wall time; see `LookupLog.compileTimes`. */
export interface CompileTimes {
  /** Returns a lookup of the times known now; `undefined` for an unknown action. */
  current(): (actionId: string) => number | undefined;
  /** Adds the times of actions that are not known yet. */
  learn(times: Iterable<readonly [actionId: string, ms: number]>): void;
}
