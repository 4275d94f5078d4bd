/** Misses in a row after which the bucket is taken not to have what this run needs. */
const MAX_MISSES = 3;
const PROBE_EVERY = 16;

/**
 * Decides whether a name that no run record names is worth a round trip to the bucket before the upstream is asked:
 * `ask`, `skip`, or `probe`, to ask without waiting. What another program has stored there is found like that.
 */
export class StoreDoubt {
  #misses = 0;
  #skipped = 0;

  decide(): "ask" | "probe" | "skip" {
    if (this.#misses < MAX_MISSES) return "ask";
    this.#skipped++;
    return this.#skipped % PROBE_EVERY === 0 ? "probe" : "skip";
  }

  told(isFound: boolean): void {
    this.#misses = isFound ? 0 : this.#misses + 1;
  }
}
