/** A deadline has passed. */
export class TimeoutError extends Error {
  override name = "TimeoutError" as const;

  constructor(limitMs: number) {
    super(`no answer within ${Math.round(limitMs)} ms`);
  }
}

/** The longest time that a timer takes; a longer one would be over at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Bounds one operation by time: its signal aborts with a `TimeoutError` when the time is up, or with the reason of
 * the first of `parents` that aborts. Dispose of it when the operation has ended.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #parents: AbortSignal[];
  readonly #onParentAbort = () =>
    this.#controller.abort(this.#parents.find(({ aborted }) => aborted)?.reason);
  #startedMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limitMs: number, ...parents: (AbortSignal | undefined)[]) {
    this.#parents = parents.filter((parent) => parent !== undefined);
    for (const parent of this.#parents) parent.addEventListener("abort", this.#onParentAbort);
    if (this.#parents.some(({ aborted }) => aborted)) this.#onParentAbort();
    this.restart(limitMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Restarts with `limitMs` from now: headers came, now the body has its own time. */
  restart(limitMs: number): void {
    this.#startedMs = performance.now();
    this.extendTo(limitMs);
  }

  /** Gives it `limitMs` in all, what has passed included. */
  extendTo(limitMs: number): void {
    clearTimeout(this.#timer);
    const leftMs = limitMs - (performance.now() - this.#startedMs);
    const timerMs = Math.min(Math.max(0, leftMs), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#controller.abort(new TimeoutError(limitMs)), timerMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const parent of this.#parents) parent.removeEventListener("abort", this.#onParentAbort);
  }
}
