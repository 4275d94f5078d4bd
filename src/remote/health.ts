import { Breaker } from "../lib/breaker.ts";
import { TimeoutError } from "../lib/deadline.ts";
import { describeError } from "../lib/describe-error.ts";
import type { Logger } from "../lib/logger.ts";
import { isDenial, isHopeless } from "../store/store-failure.ts";
import { BELIEVED_MS, type HealthFile } from "./health-file.ts";

/**
 * Whether the remote answers. Reads and writes have a breaker each (a reader need not be allowed to write), shared
 * with the other helpers on this machine. The user hears of trouble once a session.
 */
export class RemoteHealth {
  readonly reads: Breaker;
  readonly writes: Breaker;
  readonly #file: HealthFile;
  readonly #log: Logger;
  readonly #remoteName: string;
  readonly #onWritesStopped: () => void;
  readonly #now: () => number;
  #isDenied = false;
  #slowUntilMs: number;
  #trouble: string | undefined;

  constructor(options: {
    file: HealthFile;
    log: Logger;
    /** For messages. */
    remoteName: string;
    /** Called when uploads that are under way have no hope. */
    onWritesStopped: () => void;
    now?: () => number;
  }) {
    this.reads = new Breaker(options.now);
    this.writes = new Breaker(options.now);
    this.#now = options.now ?? Date.now;
    this.#file = options.file;
    this.#log = options.log;
    this.#remoteName = options.remoteName;
    this.#onWritesStopped = options.onWritesStopped;
    const saved = options.file.load();
    this.#trouble = saved?.reason || undefined;
    this.#slowUntilMs = saved?.isSlow === true ? saved.savedAtMs + BELIEVED_MS : 0;
    if (saved?.reads !== undefined) this.reads.openAs(saved.reads);
    if (saved?.writes !== undefined) this.writes.openAs(saved.writes);
  }

  succeeded(side: "reads" | "writes"): void {
    if (side === "writes") this.#isDenied = false;
    const wasOpen = this[side].open !== undefined;
    this[side].success();
    if (wasOpen) this.#save();
  }

  /** A read has failed. A server that doesn't answer reads is not asked to take writes either. */
  readFailed(error: unknown): void {
    const opened = this.#failed(this.reads, error);
    if (opened && isSilent(error)) this.#failed(this.writes, error);
    if (opened) this.#tell(error);
  }

  writeFailed(error: unknown): void {
    this.#isDenied ||= isDenial(error);
    if (this.#failed(this.writes, error)) this.#tell(error);
  }

  /** Whether waiting for reads has lately cost a session more than it can have saved. */
  get isSlow(): boolean {
    return this.#now() < this.#slowUntilMs;
  }

  /** A session has found out whether waiting for reads pays. */
  foundSlow(isSlow: boolean): void {
    const wasSlow = this.isSlow;
    this.#slowUntilMs = isSlow ? this.#now() + BELIEVED_MS : 0;
    if (isSlow || wasSlow) this.#save();
  }

  /** Whether the remote denies this identity's writes, so that keeping them for later makes no sense. */
  get isDenied(): boolean {
    return this.#isDenied;
  }

  /** What was wrong when it last stopped being asked; `undefined`: it never was. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Says something about this remote to the user, if nothing was said yet. */
  warn(message: string): void {
    this.#log.warn("remote", this.nameIn(message));
  }

  /** A line that says which remote it is about. */
  nameIn(message: string): string {
    return `remote cache ${this.#remoteName}: ${message}`;
  }

  #failed(breaker: Breaker, error: unknown): boolean {
    const opened = breaker.failure(isSilent(error) || isHopeless(error) ? "timeout" : "failure");
    if (opened && breaker === this.writes) this.#onWritesStopped();
    return opened;
  }

  #tell(error: unknown): void {
    this.#trouble = describeError(error);
    this.warn(`going on without it: ${this.#trouble}`);
    this.#save();
  }

  #save(): void {
    const [reads, writes] = [this.reads.open, this.writes.open];
    const { isSlow } = this;
    if (reads === undefined && writes === undefined && !isSlow) this.#file.clear();
    else this.#file.save({ savedAtMs: this.#now(), reason: this.#trouble ?? "", reads, writes, isSlow });
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof TimeoutError || (error instanceof Error && error.cause instanceof TimeoutError);
}
