/** What a hit is taken to save: the time to compile something small. */
const SAVED_PER_HIT_MS = 200;
/** How much waiting for nothing a session may cost. */
const LIMIT_MS = 5_000;
const PROBE_EVERY = 8;

/**
 * Decides whether go should wait for remote look-ups: not when they have cost more than they can have saved, and
 * never after more than five seconds were spent on failures. A plain hit ratio would not do: the first look-ups of
 * a fresh checkout are package indexes, which can never hit.
 */
export class WaitLedger {
  #balanceMs = 0;
  #failureMs = 0;
  #waiting = 0;
  #skipped = 0;

  /** `wait`: go may wait for this one. `probe`: look it up, but tell go at once that it is a miss. */
  admit(): "wait" | "probe" | "skip" {
    if (this.#balanceMs <= LIMIT_MS && this.#failureMs <= LIMIT_MS) return "wait";
    this.#skipped++;
    return this.#skipped % PROBE_EVERY === 0 ? "probe" : "skip";
  }

  /** Counts a look-up as under way. */
  begin(): void {
    this.#waiting++;
  }

  /** Books a look-up that has ended. Look-ups that wait side by side share the time. */
  end(result: "hit" | "miss" | "failure", durationMs: number): void {
    const costMs = durationMs / this.#waiting;
    this.#waiting--;
    if (result === "failure") this.#failureMs += costMs;
    if (result !== "hit") this.#balanceMs += costMs;
    else if (this.#balanceMs > LIMIT_MS) this.#balanceMs = LIMIT_MS / 2;
    else this.#balanceMs -= SAVED_PER_HIT_MS;
  }
}
