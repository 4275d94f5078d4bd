import { setTimeout as delay } from "node:timers/promises";

/** Time as a part sees it, so that tests can give it another. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Rejects as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. A sleep doesn't keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) }),
};
