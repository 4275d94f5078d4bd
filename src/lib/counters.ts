/** Named whole numbers that only grow: what `--metrics` prints. */
export class Counters {
  readonly #values = new Map<string, number>();
  readonly #total: Counters | undefined;
  /** Told of how long single things took; nobody is, except in a server. */
  onTime: ((name: string, seconds: number) => void) | undefined;

  /** `total` counts everything as well: for one session of a server, say. */
  constructor(total?: Counters) {
    this.#total = total;
  }

  add(name: string, amount = 1): void {
    this.#total?.add(name, amount);
    this.#values.set(name, (this.#values.get(name) ?? 0) + amount);
  }

  get(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** Notes how long something took that began at `startedMs`, a time of `performance.now()`. */
  time(name: string, startedMs: number): void {
    this.#total?.time(name, startedMs);
    this.onTime?.(name, (performance.now() - startedMs) / 1000);
  }

  /** All counters that were ever touched, by name. */
  snapshot(): Record<string, number> {
    return Object.fromEntries([...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
