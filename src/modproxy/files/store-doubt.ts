/** Misses in a row after which the bucket is taken not to have what this run needs. */
const MAX_MISSES = 3;
/** The same for a job without a run: its bucket has most likely nothing for it. */
const MAX_MISSES_OF_NEW_JOB = 1;
const PROBE_EVERY = 16;

/**
 * Decides whether a name that no run record names is worth a round trip to the bucket before the upstream is asked:
 * `ask`, `skip`, or `probe`, to ask without waiting. What another program has stored there is found like that.
 */
export class StoreDoubt {
  #misses = 0;
  #skipped = 0;
  #hasFound = false;

  /** `isKnownJob`: there is a record of some run of this job. */
  decide({ isKnownJob }: { isKnownJob: boolean }): "ask" | "probe" | "skip" {
    const most = isKnownJob || this.#hasFound ? MAX_MISSES : MAX_MISSES_OF_NEW_JOB;
    if (this.#misses < most) return "ask";
    return this.#skipped++ % PROBE_EVERY === 0 ? "probe" : "skip";
  }

  told(isFound: boolean): void {
    this.#hasFound ||= isFound;
    this.#misses = isFound ? 0 : this.#misses + 1;
  }
}
