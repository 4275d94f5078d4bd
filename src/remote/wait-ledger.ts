import type { ObjectSum } from "../lib/object-sum.ts";

/** Outputs that came. */
type Received = Pick<ObjectSum, "count" | "sizeBytes">;

/** What go would have needed for an output at least: two round trips to a bucket 50 ms away are worth it. */
const SAVED_PER_OUTPUT_MS = 100;
/** Beside that: how fast a worker of go makes outputs. Those of the standard library and of large programs: 3 to 4 MB/s. */
const COMPILED_BYTES_PER_MS = 4_000;
/** How much waiting for nothing a session may cost. */
const LIMIT_MS = 5_000;
/** How much of it in a session that begins in doubt, and how much when a probe has received the waiting back. */
const PROBATION_MS = 1_000;
const PROBED_MS = 2_500;
/** Where less than this is lost, waiting pays. */
const PAYING_MS = 1_250;
const PROBE_EVERY = 8;

/** How a look-up ended. */
export type LookUpResult = "hit" | "miss" | "failure";

/** A look-up that go waits for. */
export interface Wait {
  startedMs: number;
  shareMs: number;
}

/**
 * Decides whether go should wait for remote look-ups: not when that has cost five seconds more than it can have saved,
 * and never after more than five seconds were spent on failures. What was gained before does not pay for it. A plain hit
 * ratio would not do: the first look-ups of a fresh checkout are package indexes, which can never hit; and a hit that
 * takes longer than the compiler is a loss.
 *
 * Where waiting did not pay for the session before, this one begins in doubt: it may lose one second, in one look-up or
 * in many, until waiting has paid. It is in doubt as well when it stopped waiting and a probe came soon.
 */
export class WaitLedger {
  #balanceMs: number;
  #isOnProbation: boolean;
  #failureMs = 0;
  #hits = 0;
  #misses = 0;
  #waitedMs = 0;
  #savedMs = 0;
  #waiting = 0;
  /** Waiting time so far as one of those who waited has to bear it: a minute that three share counts 20 s. */
  #shareMs = 0;
  #lastMs = 0;
  #skipped = 0;

  constructor(options: { isOnProbation: boolean }) {
    this.#isOnProbation = options.isOnProbation;
    this.#balanceMs = options.isOnProbation ? LIMIT_MS - PROBATION_MS : 0;
  }

  /** Whether waiting did not pay before, and has not paid since. */
  get isOnProbation(): boolean {
    return this.#isOnProbation;
  }

  /** `wait`: go may wait for this one. `probe`: look it up, but tell go at once that it is a miss. */
  admit(): "wait" | "probe" | "skip" {
    if (this.bypassReason === undefined) return "wait";
    this.#skipped++;
    return this.#skipped % PROBE_EVERY === 0 ? "probe" : "skip";
  }

  /** Why look-ups are not waited for now; `undefined`: they are. */
  get bypassReason(): "slow" | "failing" | undefined {
    if (this.#failureMs > LIMIT_MS) return "failing";
    return this.#balanceMs > LIMIT_MS ? "slow" : undefined;
  }

  /** Whether the remote had most of what was looked up. */
  get hasMost(): boolean {
    return this.#hits > this.#misses;
  }

  /** All the waiting so far, and what it can have saved. */
  get sums(): { waitedMs: number; savedMs: number } {
    return { waitedMs: this.#waitedMs, savedMs: this.#savedMs };
  }

  /** How long a look-up may be waited for before it is given up; infinite, but in doubt. */
  get maxWaitMs(): number {
    return this.#isOnProbation ? Math.max(0, LIMIT_MS - this.#balanceMs) : Number.POSITIVE_INFINITY;
  }

  /** Counts a look-up that go waits for. What it returns is for `end` or `timedOut`. */
  begin(nowMs: number): Wait {
    this.#share(nowMs);
    this.#waiting++;
    return { startedMs: nowMs, shareMs: this.#shareMs };
  }

  /**
   * Books a look-up that has ended, and what was received since the last one ended. Look-ups that wait side by side share
   * the time; go's workers would have made the outputs side by side, too.
   */
  end(result: LookUpResult, wait: Wait, nowMs: number, received: Received): void {
    const costMs = this.#stopWaiting(wait, nowMs);
    const durationMs = nowMs - wait.startedMs;
    const savedMs = savedBy(result, received) * (durationMs > 0 ? costMs / durationMs : 1);
    this.#count(result);
    if (result === "failure") this.#failureMs += costMs;
    this.#savedMs += savedMs;
    this.#balance(Math.max(0, this.#balanceMs + costMs - savedMs));
  }

  /** Books a wait whose patience is at its end; the look-up itself is a probe from now on. */
  timedOut(wait: Wait, nowMs: number): void {
    this.#balance(this.#balanceMs + this.#stopWaiting(wait, nowMs));
  }

  /** Books a probe, which cost nobody any time. One that came sooner than go makes its output brings the waiting back. */
  probed(result: LookUpResult, durationMs: number, sizeBytes: number): void {
    this.#count(result);
    const isWorthIt = result === "hit" && durationMs < savedBy(result, { count: 1, sizeBytes });
    if (!isWorthIt || this.#balanceMs <= LIMIT_MS) return;
    this.#isOnProbation = true;
    this.#balance(LIMIT_MS - PROBED_MS);
  }

  /** Returns what it has cost. */
  #stopWaiting(wait: Wait, nowMs: number): number {
    this.#share(nowMs);
    this.#waiting--;
    const costMs = this.#shareMs - wait.shareMs;
    this.#waitedMs += costMs;
    return costMs;
  }

  #balance(balanceMs: number): void {
    this.#balanceMs = balanceMs;
    if (balanceMs <= PAYING_MS) this.#isOnProbation = false;
  }

  #count(result: LookUpResult): void {
    if (result === "hit") this.#hits++;
    if (result === "miss") this.#misses++;
  }

  #share(nowMs: number): void {
    if (this.#waiting > 0) this.#shareMs += (nowMs - this.#lastMs) / this.#waiting;
    this.#lastMs = nowMs;
  }
}

/** The time a worker of go would have needed. A hit whose output was there already is one all the same. */
function savedBy(result: LookUpResult, { count, sizeBytes }: Received): number {
  const made = Math.max(count, result === "hit" ? 1 : 0);
  return made * SAVED_PER_OUTPUT_MS + sizeBytes / COMPILED_BYTES_PER_MS;
}
