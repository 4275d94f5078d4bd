/** The time during which at least one of many operations is running. */
export class BusyTime {
  readonly #now: () => number;
  #running = 0;
  /** Up to when all of it is counted, while anything runs. */
  #countedMs = 0;
  #totalMs = 0;

  /** `now`: in milliseconds, from any start. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Up to now. */
  get totalMs(): number {
    this.#count();
    return this.#totalMs;
  }

  begin(): void {
    this.#count();
    this.#running++;
  }

  end(): void {
    this.#count();
    this.#running--;
  }

  #count(): void {
    const nowMs = this.#now();
    if (this.#running > 0) this.#totalMs += nowMs - this.#countedMs;
    this.#countedMs = nowMs;
  }
}
