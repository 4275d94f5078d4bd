/** Slower, go compiles about as fast as its outputs arrive. */
const SLOWEST_BYTES_PER_MS = 500;
const LOOK_MS = 250;

/**
 * Ends a transfer that somebody waits for when the bucket sends too slowly. Only the time counts in which nothing but the
 * network is waited for: not that of a slow disk, and not that in which this process is suspended.
 */
export class SlowWatch implements Disposable {
  readonly #options: SlowWatchOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #waitedMs = 0;

  /** Looks until disposed. */
  constructor(options: SlowWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** What is done four times a second. */
  look(): void {
    const { isWaiting, receivedBytes, graceMs, onSlow } = this.#options;
    if (!isWaiting()) return;
    this.#waitedMs += LOOK_MS;
    if (this.#waitedMs <= graceMs + receivedBytes() / SLOWEST_BYTES_PER_MS) return;
    this[Symbol.dispose]();
    onSlow(new Error(`it sends less than ${SLOWEST_BYTES_PER_MS} KB a second`));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

export interface SlowWatchOptions {
  /** Whether bytes are on their way, and all that have arrived are written. */
  isWaiting: () => boolean;
  /** In all. */
  receivedBytes: () => number;
  /** That much may be waited for an answer. */
  graceMs: number;
  onSlow: (error: Error) => void;
}
