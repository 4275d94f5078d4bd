import type { MissReason, OnMiss } from "../buildcache/miss-reason.ts";
import { abortable } from "../lib/async/abortable.ts";
import { Deadline } from "../lib/async/deadline.ts";
import type { Counters } from "../lib/counters.ts";
import type { Logger } from "../lib/logger.ts";
import type { ObjectSum } from "../lib/object-sum.ts";
import { describeError } from "../lib/text/describe-error.ts";
import { describeDenial, isUnsigned } from "../store/describe-store-error.ts";
import type { StoreHealth } from "../store/guard/store-health.ts";
import { NotSentError } from "../store/not-sent-error.ts";
import { isAccessDenied } from "../store/store-failure.ts";
import { type BypassReason, type ReadSession, SessionWaits } from "./read-session.ts";
import type { LookUpResult, WaitLedger } from "./wait-ledger.ts";
import { WrongBytesError } from "./wrong-bytes-error.ts";

/** How long a session that ends waits for look-ups to notice. */
const CLEAN_UP_MS = 100;
/** Look-ups that fail in a row: no more are made, even if single requests of them succeed. */
const MAX_FAILURES = 3;

/**
 * Lets a look-up through to the remote when it is worth go's waiting, and makes a miss of everything that goes wrong.
 * A look-up that is only a probe runs behind while go is told of a miss.
 */
export class ReadGate {
  readonly #health: StoreHealth;
  readonly #counters: Counters;
  readonly #log: Logger;
  readonly #received: ObjectSum | undefined;
  readonly #ownSession: ReadSession = {};
  readonly #sessions = new WeakMap<ReadSession, SessionWaits>();
  readonly #controller = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  #denial: unknown;
  #failures = 0;
  #hasBeenAnswered = false;

  constructor(options: {
    health: StoreHealth;
    counters: Counters;
    log: Logger;
    /** All that comes, where that is more than what is asked for; `undefined`: nothing else does. */
    received?: ObjectSum | undefined;
  }) {
    this.#received = options.received;
    this.#health = options.health;
    this.#counters = options.counters;
    this.#log = options.log;
  }

  /**
   * Runs `lookUp`, whose `undefined` is a miss, if that is worth it to the session. Never rejects. `onMiss` is told what
   * went wrong, or why it was not run.
   */
  async run<T extends { sizeBytes: number }>(
    what: string,
    lookUp: () => Promise<T | undefined>,
    onMiss: OnMiss = () => {},
    session: ReadSession = this.#ownSession,
  ): Promise<T | undefined> {
    const waits = this.#waitsOf(session);
    const { admitted, why } = this.#admit(waits.ledger);
    if (why !== undefined && why !== waits.bypassed) this.#reportBypass(session, waits, why);
    waits.bypassed = why;
    if (admitted === "wait") return await this.#waitFor(waits, what, lookUp, onMiss);
    this.#counters.add("get_remote_skipped");
    if (why !== undefined) onMiss(why);
    if (admitted === "probe") void this.#bookProbe(waits, performance.now(), this.#attempt(what, lookUp));
    return undefined;
  }

  /** Whether the session's last look-up was not waited for, or the next would not be. */
  isBypassed(session: ReadSession = this.#ownSession): boolean {
    const { bypassed, ledger } = this.#waitsOf(session);
    return bypassed !== undefined || this.#bypassReason(ledger) !== undefined;
  }

  /** Whether waiting has not paid for this session, although the remote had most of what was looked up. */
  isSlowButWarm(session: ReadSession = this.#ownSession): boolean {
    const { ledger } = this.#waitsOf(session);
    return ledger.bypassReason !== undefined && ledger.hasMost;
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
    this.#health.readsDenied(describeDenial(this.#denial));
  }

  #waitsOf(session: ReadSession): SessionWaits {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    const waits = new SessionWaits({ received: this.#received, isOnProbation: this.#health.isSlow });
    this.#sessions.set(session, waits);
    return waits;
  }

  #admit(ledger: WaitLedger): { admitted: "wait" | "probe" | "skip"; why: BypassReason | undefined } {
    const { state } = this.#health.reads;
    if (state === "closed") return { admitted: ledger.admit(), why: ledger.bypassReason };
    return { admitted: state === "half-open" ? "probe" : "skip", why: "unanswered" };
  }

  #bypassReason(ledger: WaitLedger): BypassReason | undefined {
    return this.#health.reads.open === undefined ? ledger.bypassReason : "unanswered";
  }

  #reportBypass(session: ReadSession, waits: SessionWaits, why: BypassReason): void {
    const text = this.#health.nameIn(waits.describe(why));
    this.#counters.add(`left_alone_${why}`);
    this.#log.info(() => text);
    if (why === "slow") this.#health.setSlow(true);
    session.onBypass?.(why, text);
  }

  async #waitFor<T extends { sizeBytes: number }>(
    waits: SessionWaits,
    what: string,
    lookUp: () => Promise<T | undefined>,
    onMiss: OnMiss,
  ): Promise<T | undefined> {
    const { ledger } = waits;
    const wait = ledger.begin(performance.now());
    const attempt = this.#attempt(what, lookUp);
    const outcome = await waits.awaitBounded(attempt);
    if (outcome === undefined) {
      this.#book(waits, () => ledger.timedOut(wait, performance.now()));
      void this.#bookProbe(waits, wait.startedMs, attempt);
      onMiss(this.#bypassReason(ledger) ?? "slow");
      return undefined;
    }
    const { result, found, reason } = outcome;
    if (reason !== undefined) onMiss(reason);
    this.#book(waits, () => ledger.end(result, wait, performance.now(), waits.takeReceived(found)));
    return found;
  }

  async #bookProbe(
    waits: SessionWaits,
    startedMs: number,
    attempt: Promise<Outcome<{ sizeBytes: number }>>,
  ): Promise<void> {
    const { result, found } = await attempt;
    const durationMs = performance.now() - startedMs;
    this.#book(waits, () => waits.ledger.probed(result, durationMs, found?.sizeBytes ?? 0));
  }

  /** When waiting does not pay any more, nobody goes on waiting; when it pays again, sessions that follow know it. */
  #book(waits: SessionWaits, entry: () => void): void {
    const { ledger } = waits;
    const wasOnProbation = ledger.isOnProbation;
    entry();
    if (this.#bypassReason(ledger) !== undefined) waits.stopWaiting();
    if (wasOnProbation && !ledger.isOnProbation) this.#health.setSlow(false);
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
      this.#failures = 0;
      // Where more comes than is asked for, what has come before can say that there is nothing.
      if (found !== undefined || this.#received === undefined) this.#health.readsAllowed();
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
      if (isUnsigned(error)) this.#counters.add("remote_unsigned");
      return "miss";
    }
    this.#counters.add("get_remote_error");
    if (error instanceof WrongBytesError) this.#health.warn(`wrong bytes, not used: ${describeError(error)}`);
    else if (!(error instanceof NotSentError) && ++this.#failures === MAX_FAILURES) {
      this.#health.disableReads(error);
      this.#failures = 0;
    }
    return "failure";
  }
}

interface Outcome<T> {
  result: LookUpResult;
  found: T | undefined;
  /** Of an attempt that went wrong. */
  reason?: MissReason;
}
