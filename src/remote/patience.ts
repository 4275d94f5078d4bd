import type { ObjectSum } from "../lib/object-sum.ts";

/** Received outputs. */
type Received = Pick<ObjectSum, "count" | "sizeBytes">;

/**
 * Compile time of the smallest output. For those below 8 KiB, `go build std` took 7 to 13 ms and `go vet std` 20 to 40
 * ms (medians by size, two cores).
 */
const SAVED_PER_OUTPUT_MS = 25;
/**
 * Output rate of one of go's workers, in addition to that minimum. The standard library and large programs have 3 to 4
 * MB/s.
 */
const COMPILED_BYTES_PER_MS = 4_000;
/** How much more time a session may wait than it saves. */
const LIMIT_MS = 5_000;
/** The limit of a session that begins on probation, and the limit after a successful probe. */
const PROBATION_MS = 1_000;
const PROBED_MS = 2_500;
/** Waiting pays while the loss is below this. */
const PAYING_MS = 1_250;
const PROBE_EVERY = 8;

/** The result of a lookup. */
export type LookUpResult = "hit" | "miss" | "failure";

/** A lookup that go waits for. */
export interface Wait {
  startedMs: number;
  shareMs: number;
}

/**
 * Decides whether go waits for remote lookups. It stops when waiting has cost five seconds more than it can have saved,
 * or when failures took more than five seconds. Earlier gains don't offset later losses. A hit ratio is not enough: the
 * first lookups of a fresh checkout are package indexes, which never hit, and a hit that takes longer than compiling is
 * a loss.
 *
 * If waiting did not pay for the previous session, this one begins on probation: it may lose one second in all until
 * waiting pays. A session that stopped waiting resumes on probation after a fast probe.
 */
export class Patience {
  #balanceMs: number;
  #isOnProbation: boolean;
  #failureMs = 0;
  #hits = 0;
  #misses = 0;
  #waitedMs = 0;
  #savedMs = 0;
  #waiting = 0;
  /** Waiting time per concurrent lookup: one minute shared by three counts 20 s. */
  #shareMs = 0;
  #lastMs = 0;
  #skipped = 0;

  constructor(options: { isOnProbation: boolean }) {
    this.#isOnProbation = options.isOnProbation;
    this.#balanceMs = options.isOnProbation ? LIMIT_MS - PROBATION_MS : 0;
  }

  /** Whether waiting did not pay earlier and has not paid since. */
  get isOnProbation(): boolean {
    return this.#isOnProbation;
  }

  /**
   * `wait`: go waits for the lookup. `probe`: look up in the background while go gets a miss at once. `skip`: a miss
   * without a lookup.
   */
  admit(): "wait" | "probe" | "skip" {
    if (this.bypassReason === undefined) return "wait";
    this.#skipped++;
    return this.#skipped % PROBE_EVERY === 0 ? "probe" : "skip";
  }

  /** Why lookups are bypassed now; `undefined`: they aren't. */
  get bypassReason(): "slow" | "failing" | undefined {
    if (this.#failureMs > LIMIT_MS) return "failing";
    return this.#balanceMs > LIMIT_MS ? "slow" : undefined;
  }

  /** Whether most lookups hit. */
  get hasMost(): boolean {
    return this.#hits > this.#misses;
  }

  /** Total waiting time, and the time that it can have saved. */
  get sums(): { waitedMs: number; savedMs: number } {
    return { waitedMs: this.#waitedMs, savedMs: this.#savedMs };
  }

  /** How long go may wait for a lookup. Infinite unless on probation. */
  get maxWaitMs(): number {
    return this.#isOnProbation ? Math.max(0, LIMIT_MS - this.#balanceMs) : Number.POSITIVE_INFINITY;
  }

  /** Begins a wait. Pass the result to `end` or `timedOut`. */
  begin(nowMs: number): Wait {
    this.#share(nowMs);
    this.#waiting++;
    return { startedMs: nowMs, shareMs: this.#shareMs };
  }

  /**
   * Books a finished lookup, and the outputs received since the previous one finished. Concurrent lookups share the
   * waiting time, since go's workers would also have compiled their outputs in parallel.
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

  /** Books a wait that ended before its lookup. The lookup continues as a probe. */
  timedOut(wait: Wait, nowMs: number): void {
    this.#balance(this.#balanceMs + this.#stopWaiting(wait, nowMs));
  }

  /** Books a probe; it costs go no time. If it was faster than compiling, go waits for lookups again. */
  probed(result: LookUpResult, durationMs: number, sizeBytes: number): void {
    this.#count(result);
    const isWorthIt = result === "hit" && durationMs < savedBy(result, { count: 1, sizeBytes });
    if (!isWorthIt || this.#balanceMs <= LIMIT_MS) return;
    this.#isOnProbation = true;
    this.#balance(LIMIT_MS - PROBED_MS);
  }

  /** Ends a wait and returns its cost. */
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

/**
 * The compile time that one of go's workers would have needed. A hit counts as at least one output, even if the output
 * was local already.
 */
function savedBy(result: LookUpResult, { count, sizeBytes }: Received): number {
  const outputs = Math.max(count, result === "hit" ? 1 : 0);
  return outputs * SAVED_PER_OUTPUT_MS + sizeBytes / COMPILED_BYTES_PER_MS;
}
