/** What a hit is taken to save: the time to compile something small. */
const SAVED_PER_HIT_MS = 200;
/** How much waiting for nothing a session may cost. */
const LIMIT_MS = 5_000;
const PROBE_EVERY = 8;

/** How a look-up ended. */
export type LookUpResult = "hit" | "miss" | "failure";

/**
 * Decides whether go should wait for remote look-ups: not when they have cost more than they can have saved, and
 * never after more than five seconds were spent on failures. A plain hit ratio would not do: the first look-ups of
 * a fresh checkout are package indexes, which can never hit.
 */
export class WaitLedger {
  #balanceMs = 0;
  #failureMs = 0;
  #waiting = 0;
  /** Waiting time so far as one of those who waited has to bear it: a minute that three share counts 20 s. */
  #shareMs = 0;
  #lastMs = 0;
  #skipped = 0;

  /** `wait`: go may wait for this one. `probe`: look it up, but tell go at once that it is a miss. */
  admit(): "wait" | "probe" | "skip" {
    if (this.#balanceMs <= LIMIT_MS && this.#failureMs <= LIMIT_MS) return "wait";
    this.#skipped++;
    return this.#skipped % PROBE_EVERY === 0 ? "probe" : "skip";
  }

  /** Counts a look-up that go waits for. What it returns is for `end`. */
  begin(nowMs: number): number {
    this.#share(nowMs);
    this.#waiting++;
    return this.#shareMs;
  }

  /** Books a look-up that has ended. Look-ups that wait side by side share the time. */
  end(result: LookUpResult, begun: number, nowMs: number): void {
    this.#share(nowMs);
    this.#waiting--;
    const costMs = this.#shareMs - begun;
    if (result === "failure") this.#failureMs += costMs;
    if (result === "hit") this.#hit();
    else this.#balanceMs += costMs;
  }

  /** Books a probe, which cost nobody any time. */
  probed(result: LookUpResult): void {
    if (result === "hit") this.#hit();
  }

  #hit(): void {
    if (this.#balanceMs > LIMIT_MS) this.#balanceMs = LIMIT_MS / 2;
    else this.#balanceMs -= SAVED_PER_HIT_MS;
  }

  #share(nowMs: number): void {
    if (this.#waiting > 0) this.#shareMs += (nowMs - this.#lastMs) / this.#waiting;
    this.#lastMs = nowMs;
  }
}
