/** Misses in a row after which the bucket is taken not to have what this run needs. */
const MAX_MISSES = 8;
const PROBE_EVERY = 16;

/** Decides whether a name that no run record names is worth a round trip to the bucket before the upstream is asked. */
export class StoreDoubt {
  #misses = 0;
  #skipped = 0;

  isWorthAsking(): boolean {
    if (this.#misses < MAX_MISSES) return true;
    this.#skipped++;
    return this.#skipped % PROBE_EVERY === 0;
  }

  told(isFound: boolean): void {
    this.#misses = isFound ? 0 : this.#misses + 1;
  }
}
