import type { Clock } from "../../src/lib/async/clock.ts";

/** A clock that stands still until told otherwise. Sleeping takes no time and is noted in `sleptMs`. */
export class ManualClock implements Clock {
  readonly sleptMs: number[] = [];
  #nowMs: number;

  constructor(nowMs = Date.now()) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number): Promise<void> {
    this.sleptMs.push(ms);
    this.#nowMs += ms;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
