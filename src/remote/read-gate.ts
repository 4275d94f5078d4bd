import { abortable } from "../lib/abortable.ts";
import type { Counters } from "../lib/counters.ts";
import { Deadline } from "../lib/deadline.ts";
import { describeError } from "../lib/describe-error.ts";
import type { Logger } from "../lib/logger.ts";
import { isAccessDenied } from "../store/store-failure.ts";
import type { RemoteHealth } from "./health.ts";
import type { MissReason, OnMiss } from "./miss-reason.ts";
import { type LookUpResult, WaitLedger } from "./wait-ledger.ts";
import { WrongBytesError } from "./wrong-bytes-error.ts";

/** How long a session that ends waits for look-ups to notice. */
const CLEAN_UP_MS = 100;

/**
 * Lets a look-up through to the remote when it is worth go's waiting, and makes a miss of everything that goes wrong.
 * A look-up that is only a probe runs behind while go is told of a miss.
 */
export class ReadGate {
  readonly #health: RemoteHealth;
  readonly #counters: Counters;
  readonly #log: Logger;
  readonly #ledger = new WaitLedger();
  readonly #controller = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  #denial: unknown;
  #hasBeenAnswered = false;

  constructor(options: { health: RemoteHealth; counters: Counters; log: Logger }) {
    this.#health = options.health;
    this.#counters = options.counters;
    this.#log = options.log;
  }

  /**
   * Runs `lookUp`, whose `undefined` is a miss, if that is worth it to the session with that `ledger`. Never rejects.
   * `onMiss` is told what went wrong, or why it was not run.
   */
  async run<T>(
    what: string,
    lookUp: () => Promise<T | undefined>,
    ledger: WaitLedger = this.#ledger,
    onMiss: OnMiss = () => {},
  ): Promise<T | undefined> {
    const admitted = this.#admit(ledger);
    if (admitted === "wait") return await this.#waitFor(ledger, what, lookUp, onMiss);
    this.#counters.add("get_remote_skipped");
    onMiss(this.#health.reads.open === undefined ? "slow" : "unanswered");
    if (admitted === "probe") void this.#probe(ledger, what, lookUp);
    return undefined;
  }

  /** Aborts when look-ups are no longer wanted; every look-up has to obey it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the look-ups under way; resolves when they have cleaned up behind them, soon in any case. */
  async abort(): Promise<void> {
    this.#controller.abort(new Error("the session has ended"));
    using limit = new Deadline(CLEAN_UP_MS);
    await abortable(Promise.all(this.#underWay), limit.signal).catch(() => undefined);
  }

  /** Tells the user when all that ever came back was a refusal, which by itself reads like an empty bucket. */
  reportDenials(): void {
    if (this.#hasBeenAnswered || this.#denial === undefined) return;
    this.#health.warn(
      `every read was refused, check s3:GetObject and s3:ListBucket: ${describeError(this.#denial)}`,
    );
  }

  #admit(ledger: WaitLedger): "wait" | "probe" | "skip" {
    const admitted = this.#health.reads.admit();
    return admitted === "call" ? ledger.admit() : admitted;
  }

  async #waitFor<T>(
    ledger: WaitLedger,
    what: string,
    lookUp: () => Promise<T | undefined>,
    onMiss: OnMiss,
  ): Promise<T | undefined> {
    const begun = ledger.begin(performance.now());
    const { result, found, reason } = await this.#attempt(what, lookUp);
    if (reason !== undefined) onMiss(reason);
    ledger.end(result, begun, performance.now());
    return found;
  }

  async #probe<T>(ledger: WaitLedger, what: string, lookUp: () => Promise<T | undefined>): Promise<void> {
    const { result } = await this.#attempt(what, lookUp);
    ledger.probed(result);
  }

  async #attempt<T>(what: string, lookUp: () => Promise<T | undefined>): Promise<Outcome<T>> {
    const attempt = this.#outcome(what, lookUp);
    this.#underWay.add(attempt);
    const outcome = await attempt;
    this.#underWay.delete(attempt);
    return outcome;
  }

  async #outcome<T>(what: string, lookUp: () => Promise<T | undefined>): Promise<Outcome<T>> {
    try {
      const found = await lookUp();
      this.#hasBeenAnswered = true;
      this.#health.succeeded("reads");
      return { result: found === undefined ? "miss" : "hit", found };
    } catch (error) {
      const result = this.#judge(what, error);
      return { result, found: undefined, reason: result === "failure" ? "fault" : "denied" };
    }
  }

  #judge(what: string, error: unknown): "miss" | "failure" {
    if (this.signal.aborted) return "failure";
    this.#log.info(() => `${what}: ${describeError(error)}`);
    if (isAccessDenied(error)) {
      // What S3 answers for an absent object when listing is not granted.
      this.#denial ??= error;
      this.#counters.add("get_remote_denied");
      return "miss";
    }
    this.#counters.add("get_remote_error");
    if (error instanceof WrongBytesError) this.#health.warn(`wrong bytes, not used: ${describeError(error)}`);
    else this.#health.readFailed(new Error(what, { cause: error }));
    return "failure";
  }
}

interface Outcome<T> {
  result: LookUpResult;
  found: T | undefined;
  /** Of an attempt that went wrong. */
  reason?: MissReason;
}
