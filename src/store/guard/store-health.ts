import { Breaker } from "../../lib/async/breaker.ts";
import { TimeoutError } from "../../lib/async/deadline.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeStoreError } from "../describe-store-error.ts";
import { NotSentError } from "../not-sent-error.ts";
import type { ObjectStore } from "../object-store.ts";
import { isDenial, isHopeless } from "../store-failure.ts";
import { FRESH_MS, type HealthFile } from "./health-file.ts";

/**
 * Tracks whether the remote answers. Reads and writes have separate circuit breakers, since a reader may not be allowed
 * to write. The state is shared with other helpers on this machine. Each session warns the user once.
 */
export class StoreHealth {
  readonly reads: Breaker;
  readonly writes: Breaker;
  readonly #file: HealthFile;
  readonly #log: Logger;
  readonly #remoteName: string;
  readonly #now: () => number;
  /** Whether the remote denies this identity's writes. */
  #isDenied = false;
  /** Why the remote denies all reads, as reported to the user. */
  #readDenial: string | undefined;
  #slowUntilMs: number;
  #writing = new AbortController();
  #lastFailure: string | undefined;

  constructor(options: {
    file: HealthFile;
    log: Logger;
    store: Pick<ObjectStore, "name" | "endpoint">;
    now?: () => number;
  }) {
    this.reads = new Breaker(options.now);
    this.writes = new Breaker(options.now);
    this.#now = options.now ?? Date.now;
    this.#file = options.file;
    this.#log = options.log;
    const { name, endpoint } = options.store;
    this.#remoteName = endpoint === undefined ? name : `${name} at ${endpoint}`;
    const saved = options.file.load();
    this.#lastFailure = saved?.reason || undefined;
    this.#readDenial = saved?.denial;
    this.#slowUntilMs = saved?.isSlow === true ? saved.savedAtMs + FRESH_MS : 0;
    if (saved?.reads !== undefined) this.reads.openAs(saved.reads);
    if (saved?.writes !== undefined) this.writes.openAs(saved.writes);
  }

  /** Throws a `NotSentError` while the remote does not answer, except for occasional probes. */
  admit(side: "reads" | "writes"): void {
    if (this[side].admit() === "skip") throw new NotSentError(`${this.#remoteName} does not answer`);
  }

  /** Aborts uploads in progress when writes are disabled. */
  get writing(): AbortSignal {
    return this.#writing.signal;
  }

  succeeded(side: "reads" | "writes"): void {
    if (side === "writes") this.#isDenied = false;
    const wasOpen = this[side].open !== undefined;
    this[side].success();
    if (wasOpen) this.#save();
  }

  /** Reads are allowed, or allowed again. */
  readsAllowed(): void {
    if (this.#readDenial === undefined) return;
    this.#readDenial = undefined;
    this.#save();
  }

  /**
   * A read has failed. If the server does not answer reads, writes are disabled as well. `answersOthers`: the server
   * answers other reads, so a timeout counts like any failure.
   */
  readFailed(error: unknown, { answersOthers = false } = {}): void {
    const isServerSilent = isSilent(error) && !answersOthers;
    const opened = this.#failed(this.reads, error, isServerSilent);
    if (opened && isServerSilent) this.#failed(this.writes, error);
    if (opened) this.#reportReadsDisabled(error);
  }

  /** Disables reads for now, even if single requests succeed. */
  disableReads(error: unknown): void {
    if (this.reads.failure("timeout")) this.#reportReadsDisabled(error);
  }

  writeFailed(error: unknown): void {
    this.#isDenied ||= isDenial(error);
    if (!this.#failed(this.writes, error)) return;
    this.#saveFailure(error);
    const text = `remote cache ${this.#remoteName} takes no uploads for now: ${this.#lastFailure}`;
    this.#log.warn("remote", `${text} (see "go-cache-plugin doctor")`);
  }

  /**
   * The remote denies all reads of this identity. Warns once for all commands, until reads succeed or no command has
   * run for ten minutes.
   */
  readsDenied(why: string): void {
    const isKnown = this.#readDenial === why;
    this.#readDenial = why;
    this.#save();
    if (!isKnown) this.#warnDisabled(why);
  }

  /** Whether waiting for reads recently cost a session more than it saved. */
  get isSlow(): boolean {
    return this.#now() < this.#slowUntilMs;
  }

  /** Saves whether waiting for reads pays. */
  setSlow(isSlow: boolean): void {
    const wasSlow = this.isSlow;
    this.#slowUntilMs = isSlow ? this.#now() + FRESH_MS : 0;
    if (isSlow || wasSlow) this.#save();
  }

  /** Whether the remote denies this identity's writes, so that retrying them later is pointless. */
  get isDenied(): boolean {
    return this.#isDenied;
  }

  /** Why reads or writes were last disabled; `undefined`: they never were. */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  /** Warns the user about this remote, unless there was a warning already. */
  warn(message: string): void {
    this.#log.warn("remote", this.nameIn(message));
  }

  /** Prefixes a message with the remote's name. */
  nameIn(message: string): string {
    return `remote cache ${this.#remoteName}: ${message}`;
  }

  #failed(breaker: Breaker, error: unknown, isServerSilent = isSilent(error)): boolean {
    const opened = breaker.failure(isServerSilent || isHopeless(error) ? "timeout" : "failure");
    if (opened && breaker === this.writes) {
      this.#writing.abort(new Error("uploads were stopped"));
      this.#writing = new AbortController();
    }
    return opened;
  }

  #reportReadsDisabled(error: unknown): void {
    this.#saveFailure(error);
    this.#warnDisabled(describeStoreError(error));
  }

  #saveFailure(error: unknown): void {
    this.#lastFailure = describeStoreError(error);
    this.#save();
  }

  #warnDisabled(why: string): void {
    const text = `remote cache ${this.#remoteName} disabled for now: ${why}`;
    this.#log.warn("remote", `${text} (see "go-cache-plugin doctor")`);
  }

  #save(): void {
    const [reads, writes] = [this.reads.open, this.writes.open];
    const { isSlow } = this;
    const denial = this.#readDenial;
    if (reads === undefined && writes === undefined && !isSlow && denial === undefined) this.#file.clear();
    else
      this.#file.save({
        savedAtMs: this.#now(),
        reason: this.#lastFailure ?? "",
        reads,
        writes,
        isSlow,
        denial,
      });
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof TimeoutError || (error instanceof Error && error.cause instanceof TimeoutError);
}
