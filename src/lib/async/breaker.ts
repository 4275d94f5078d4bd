/** Failures in a row that open the breaker; a timeout alone does. */
const MAX_FAILURES = 3;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 120_000;

/** An open breaker, as saved for other processes. */
export interface OpenState {
  /** When the next probe is due. */
  probeAtMs: number;
  /** How long the pause before that was. */
  pauseMs: number;
}

/**
 * Stops calls to a peer that doesn't answer. Closed: every call is admitted. Open: only a probe now and then
 * in the background, 10 s after it opened and then at doubled intervals up to 120 s; its success closes it.
 */
export class Breaker {
  readonly #now: () => number;
  #failures = 0;
  #open: OpenState | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** `undefined` while closed. */
  get open(): Readonly<OpenState> | undefined {
    return this.#open;
  }

  /** Half-open: the next call is a probe. */
  get state(): "closed" | "half-open" | "open" {
    if (this.#open === undefined) return "closed";
    return this.#now() < this.#open.probeAtMs ? "open" : "half-open";
  }

  /** Ends the pause: the next call is a probe. */
  endPause(): void {
    if (this.#open !== undefined) this.#open = { ...this.#open, probeAtMs: 0 };
  }

  /** Whether the next call is made, is made as a probe in the background, or is skipped. */
  admit(): "call" | "probe" | "skip" {
    if (this.#open === undefined) return "call";
    if (this.state === "open") return "skip";
    this.#pause(Math.min(2 * this.#open.pauseMs, LONGEST_PAUSE_MS));
    return "probe";
  }

  success(): void {
    this.#failures = 0;
    this.#open = undefined;
  }

  /** Returns whether this failure opened the breaker. */
  failure(kind: "timeout" | "failure"): boolean {
    this.#failures = kind === "timeout" ? MAX_FAILURES : this.#failures + 1;
    if (this.#failures < MAX_FAILURES || this.#open !== undefined) return false;
    this.#pause(FIRST_PAUSE_MS);
    return true;
  }

  /** Adopts the state that another process saved. */
  openAs(state: OpenState): void {
    this.#open = { ...state };
  }

  #pause(pauseMs: number): void {
    this.#open = { probeAtMs: this.#now() + pauseMs, pauseMs };
  }
}
