import type { Clock } from "../../src/lib/async/clock.ts";

/** A clock that only moves when a test moves it. Sleeping takes no time and is recorded in `sleptMs`. */
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
