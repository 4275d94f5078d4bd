/** Named whole numbers that only grow: what `--metrics` prints. */
export class Counters {
  readonly #values = new Map<string, number>();
  readonly #whole: Counters | undefined;
  /** Receives the duration of single operations; set in a server only. */
  onTime: ((name: string, seconds: number) => void) | undefined;

  /** `whole`: counts everything that these count, as well as others'. */
  constructor(whole?: Counters) {
    this.#whole = whole;
  }

  add(name: string, amount = 1): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + amount);
    this.#whole?.add(name, amount);
  }

  get(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** Reports the duration of an operation that began at `startedMs`, a time of `performance.now()`. */
  time(name: string, startedMs: number): void {
    this.onTime?.(name, (performance.now() - startedMs) / 1000);
    this.#whole?.time(name, startedMs);
  }

  /** All counters that were ever touched, by name. */
  snapshot(): Record<string, number> {
    return Object.fromEntries([...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
