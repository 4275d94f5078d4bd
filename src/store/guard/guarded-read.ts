import { Deadline } from "../../lib/async/deadline.ts";
import type { GetOptions } from "../object-store.ts";
import { isAccessDenied, isBeyondEnd } from "../store-failure.ts";
import type { StoreHealth } from "./store-health.ts";

/** State shared by all reads of one store. */
export interface ReadContext {
  health: StoreHealth;
  timeoutMs: number;
  /** Time of the last received data, by `performance.now`. */
  lastDataMs: number;
}

/** One read, from its request to the last byte: enforces its deadline and reports its result to the store's health. */
export class GuardedRead implements Disposable {
  readonly #context: ReadContext;
  readonly #deadline: Deadline;
  readonly #caller: AbortSignal | undefined;

  /**
   * Throws a `NotSentError` while the store does not answer. Long reads are exempt, since go does not wait for them.
   */
  constructor(context: ReadContext, { signal, isLong = false }: GetOptions) {
    if (!isLong) context.health.admit("reads");
    this.#context = context;
    this.#caller = signal;
    this.#deadline = new Deadline(context.timeoutMs, signal);
  }

  /** Aborts at the deadline, and when the caller's signal aborts. */
  get signal(): AbortSignal {
    return this.#deadline.signal;
  }

  /** Starts the deadline of the next bytes. */
  wait(limitMs: number = this.#context.timeoutMs): void {
    this.#deadline.restart(limitMs);
  }

  /** Data arrived. */
  noteData(): void {
    this.#context.lastDataMs = performance.now();
  }

  /** Stops the deadline until `wait`: the caller processes data. */
  pause(): void {
    this.#deadline.restart(Number.POSITIVE_INFINITY);
  }

  /** The read is complete. */
  succeeded(): void {
    this.answered();
    this[Symbol.dispose]();
  }

  /** A complete part arrived, such as a page. */
  answered(): void {
    this.noteData();
    this.#context.health.succeeded("reads");
  }

  /**
   * Reports a failure. A refusal of one object and an invalid range are valid answers. A timeout counts as a plain
   * failure while the store answers other reads.
   */
  failed(error: unknown): void {
    this[Symbol.dispose]();
    if (this.#caller?.aborted || isAccessDenied(error) || isBeyondEnd(error)) return;
    const { health, lastDataMs, timeoutMs } = this.#context;
    health.readFailed(error, { answersOthers: performance.now() - lastDataMs < timeoutMs / 2 });
  }

  [Symbol.dispose](): void {
    this.#deadline[Symbol.dispose]();
  }
}
