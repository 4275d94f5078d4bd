import { Deadline, TimeoutError } from "../../lib/async/deadline.ts";
import type { GetOptions } from "../object-store.ts";
import { isAccessDenied, isBeyondEnd } from "../store-failure.ts";
import type { StoreHealth } from "./store-health.ts";

/** What the reads of one store know of each other. */
export interface ReadContext {
  health: StoreHealth;
  timeoutMs: number;
  /** When something came last, by `performance.now`. */
  lastDataMs: number;
}

/** One read, from its request to the last byte: its deadline, and what it says of the store's health. */
export class GuardedRead implements Disposable {
  readonly #context: ReadContext;
  readonly #deadline: Deadline;
  readonly #caller: AbortSignal | undefined;

  /** Throws a `NotSentError` while the store does not answer, but for a long read, which nobody waits for. */
  constructor(context: ReadContext, { signal, isLong = false }: GetOptions) {
    if (!isLong) context.health.admit("reads");
    this.#context = context;
    this.#caller = signal;
    this.#deadline = new Deadline(context.timeoutMs, signal);
  }

  /** Aborts at the deadline, and when the caller gives up. */
  get signal(): AbortSignal {
    return this.#deadline.signal;
  }

  /** Waits for the next bytes, from now on. */
  wait(limitMs: number = this.#context.timeoutMs): void {
    this.#deadline.restart(limitMs);
  }

  /** Something came. */
  noteData(): void {
    this.#context.lastDataMs = performance.now();
  }

  /** Nothing is waited for until `wait`: the next step is the caller's. */
  pause(): void {
    this.#deadline.restart(Number.POSITIVE_INFINITY);
  }

  /** All that was asked for came. */
  succeeded(): void {
    this.answered();
    this[Symbol.dispose]();
  }

  /** A part came that is whole by itself. */
  answered(): void {
    this.noteData();
    this.#context.health.succeeded("reads");
  }

  /**
   * Refusals of one object, and ranges that it does not have, are answers like others. A store that goes on answering
   * others is not silent.
   */
  failed(error: unknown): void {
    this[Symbol.dispose]();
    if (this.#caller?.aborted || isAccessDenied(error) || isBeyondEnd(error)) return;
    const { health, lastDataMs, timeoutMs } = this.#context;
    const isOnlyThisOne = error instanceof TimeoutError && performance.now() - lastDataMs < timeoutMs / 2;
    health.readFailed(isOnlyThisOne ? new Error(error.message) : error);
  }

  [Symbol.dispose](): void {
    this.#deadline[Symbol.dispose]();
  }
}
