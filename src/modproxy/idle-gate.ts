import { systemClock } from "../lib/async/clock.ts";

/** How long no client may have waited for anything. */
const IDLE_MS = 1_000;
/** Background work starts after this long at the latest. */
const LONGEST_WAIT_MS = 20_000;
const POLL_MS = 50;

/** Holds background work back while clients wait for requests. */
export class IdleGate {
  #requests = 0;
  #lastRequestMs = 0;
  #isOpen = false;

  /** Runs a request that a client waits for. */
  async during<T>(request: () => Promise<T>): Promise<T> {
    this.#requests++;
    try {
      return await request();
    } finally {
      this.#requests--;
      this.#lastRequestMs = performance.now();
    }
  }

  /** Resolves when no client waits. */
  async wait(): Promise<void> {
    const startMs = performance.now();
    while (!this.#isIdle() && performance.now() - startMs < LONGEST_WAIT_MS) await systemClock.sleep(POLL_MS);
  }

  /** Lets all background work through from now on: the process ends soon. */
  open(): void {
    this.#isOpen = true;
  }

  #isIdle(): boolean {
    return this.#isOpen || (this.#requests === 0 && performance.now() - this.#lastRequestMs >= IDLE_MS);
  }
}
