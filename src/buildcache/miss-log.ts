import { BusyTime } from "../lib/busy-time.ts";
import type { Counters } from "../lib/counters.ts";
import type { MissReason } from "../remote/miss-reason.ts";

/** So many are remembered, which bounds memory; what comes after them is only counted. */
const MAX_MISSES = 20_000;

/** A look-up that missed. */
export interface Miss {
  /** Lower-case hex. */
  actionId: string;
  reason: MissReason;
  /** When go was told. */
  missedAtMs: number;
  /** How long it took until go put what it had looked for; `undefined`: it never did. */
  madeMs: number | undefined;
}

/** The look-ups of one session that missed, and how long go took to make what they were for. */
export class MissLog {
  readonly #counters: Counters;
  readonly #now: () => number;
  readonly #misses = new Map<string, Miss & { clockMs: number }>();
  readonly #making = new BusyTime();
  #unlisted = 0;

  constructor(counters: Counters, now: () => number = () => performance.now()) {
    this.#counters = counters;
    this.#now = now;
  }

  /** go is told now that there is no such entry. */
  missed(actionId: string, reason: MissReason): void {
    if (this.#misses.has(actionId)) return;
    if (this.#misses.size === MAX_MISSES) {
      this.#unlisted++;
      return;
    }
    const clockMs = this.#now();
    this.#misses.set(actionId, { actionId, reason, missedAtMs: Date.now(), madeMs: undefined, clockMs });
  }

  /** go has made an entry. Its time counts from the miss; side by side with others it counts once. */
  made(actionId: string): void {
    const miss = this.#misses.get(actionId);
    if (miss === undefined || miss.madeMs !== undefined) return;
    const nowMs = this.#now();
    miss.madeMs = nowMs - miss.clockMs;
    const beforeMs = Math.floor(this.#making.totalMs);
    this.#making.add(miss.clockMs, nowMs);
    this.#counters.add("made_ms", Math.floor(this.#making.totalMs) - beforeMs);
  }

  get misses(): Miss[] {
    return [...this.#misses.values()].map(({ clockMs: _, ...miss }) => miss);
  }

  /** How many more there were. */
  get unlisted(): number {
    return this.#unlisted;
  }
}
