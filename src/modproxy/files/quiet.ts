import { systemClock } from "../../lib/async/clock.ts";

/** How long nobody may have asked for anything. */
const QUIET_MS = 1_000;
/** What waits for quiet gets its turn in the end. */
const LONGEST_WAIT_MS = 20_000;
const POLL_MS = 50;

/** Lets work that nobody waits for go on when no client does. */
export class Quiet {
  #underWay = 0;
  #lastMs = 0;
  #isHurried = false;

  /** A request that a client waits for. */
  async during<T>(action: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await action();
    } finally {
      this.#underWay--;
      this.#lastMs = performance.now();
    }
  }

  /** Resolves in a quiet moment. */
  async wait(): Promise<void> {
    const begunMs = performance.now();
    while (!this.#isQuiet() && performance.now() - begunMs < LONGEST_WAIT_MS)
      await systemClock.sleep(POLL_MS);
  }

  /** The end is near: nothing waits any more. */
  hurry(): void {
    this.#isHurried = true;
  }

  #isQuiet(): boolean {
    return this.#isHurried || (this.#underWay === 0 && performance.now() - this.#lastMs >= QUIET_MS);
  }
}
