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
import type { LookUpResult, Patience } from "./patience.ts";
import { type BypassReason, type ReadSession, SessionWaits } from "./read-session.ts";
import { WrongBytesError } from "./wrong-bytes-error.ts";

/** How long the end of a session waits for aborted lookups. */
const CLEAN_UP_MS = 100;
/** After so many failed lookups in a row reads are disabled, even if some of their requests succeeded. */
const MAX_FAILURES = 3;

/**
 * Decides whether a lookup goes to the remote: only while waiting saves go more time than it costs. Every failure is a
 * miss. A probe runs in the background while go gets a miss.
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
    /** Sum of all outputs received, if lookups fetch more than their own output; `undefined`: they don't. */
    received?: ObjectSum | undefined;
  }) {
    this.#received = options.received;
    this.#health = options.health;
    this.#counters = options.counters;
    this.#log = options.log;
  }

  /**
   * Runs `lookUp` if waiting for it pays for the session. `undefined` is a miss. Never rejects. `onMiss` receives the
   * failure, or the reason why `lookUp` did not run.
   */
  async run<T extends { sizeBytes: number }>(
    what: string,
    lookUp: () => Promise<T | undefined>,
    onMiss: OnMiss = () => {},
    session: ReadSession = this.#ownSession,
  ): Promise<T | undefined> {
    const waits = this.#waitsOf(session);
    const { admitted, why } = this.#admit(waits.patience);
    if (why !== undefined && why !== waits.bypassed) this.#reportBypass(session, waits, why);
    waits.bypassed = why;
    if (admitted === "wait") return await this.#waitFor(waits, what, lookUp, onMiss);
    this.#counters.add("get_remote_skipped");
    if (why !== undefined) onMiss(why);
    if (admitted === "probe") void this.#bookProbe(waits, performance.now(), this.#attempt(what, lookUp));
    return undefined;
  }

  /** Whether the session bypassed its last lookup or would bypass the next. */
  isBypassed(session: ReadSession = this.#ownSession): boolean {
    const { bypassed, patience } = this.#waitsOf(session);
    return bypassed !== undefined || this.#bypassReason(patience) !== undefined;
  }

  /** Whether waiting has not paid for this session although most of its lookups hit. */
  isSlowButWarm(session: ReadSession = this.#ownSession): boolean {
    const { patience } = this.#waitsOf(session);
    return patience.bypassReason !== undefined && patience.hasMost;
  }

  /** Aborts when the session ends; every lookup must obey it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts the lookups in progress. Resolves when they have cleaned up, after 100 ms at the latest. */
  async abort(): Promise<void> {
    this.#controller.abort(new Error("the session has ended"));
    using limit = new Deadline(CLEAN_UP_MS);
    await abortable(Promise.all(this.#underWay), limit.signal).catch(() => undefined);
  }

  /** Warns if the remote refused every read: each refusal counts as a miss, so the bucket looks empty otherwise. */
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

  #admit(patience: Patience): { admitted: "wait" | "probe" | "skip"; why: BypassReason | undefined } {
    const { state } = this.#health.reads;
    if (state === "closed") return { admitted: patience.admit(), why: patience.bypassReason };
    return { admitted: state === "half-open" ? "probe" : "skip", why: "unanswered" };
  }

  #bypassReason(patience: Patience): BypassReason | undefined {
    return this.#health.reads.open === undefined ? patience.bypassReason : "unanswered";
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
    const { patience } = waits;
    const wait = patience.begin(performance.now());
    const attempt = this.#attempt(what, lookUp);
    const outcome = await waits.awaitBounded(attempt);
    if (outcome === undefined) {
      this.#book(waits, () => patience.timedOut(wait, performance.now()));
      void this.#bookProbe(waits, wait.startedMs, attempt);
      onMiss(this.#bypassReason(patience) ?? "slow");
      return undefined;
    }
    const { result, found, reason } = outcome;
    if (reason !== undefined) onMiss(reason);
    this.#book(waits, () => patience.end(result, wait, performance.now(), waits.takeReceived(found)));
    return found;
  }

  async #bookProbe(
    waits: SessionWaits,
    startedMs: number,
    attempt: Promise<Outcome<{ sizeBytes: number }>>,
  ): Promise<void> {
    const { result, found } = await attempt;
    const durationMs = performance.now() - startedMs;
    this.#book(waits, () => waits.patience.probed(result, durationMs, found?.sizeBytes ?? 0));
  }

  /** Books a result. If waiting stops paying, ends all waits; if it pays again, saves that for later sessions. */
  #book(waits: SessionWaits, entry: () => void): void {
    const { patience } = waits;
    const wasOnProbation = patience.isOnProbation;
    entry();
    if (this.#bypassReason(patience) !== undefined) waits.stopWaiting();
    if (wasOnProbation && !patience.isOnProbation) this.#health.setSlow(false);
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
      // With an index, a miss may need no request, so it does not prove that reads are allowed.
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
      // S3 also answers 403 for an absent object if listing is not granted.
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
  /** Set if the attempt failed. */
  reason?: MissReason;
}
