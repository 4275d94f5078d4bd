/** What was read is saved after so many reads, which double, or after so long: whoever is killed has got further. */
const FIRST_READS = 4;
const MAX_READS = 256;
const SAVE_MS = 15_000;

/** When a stretch of a collection saves what it knows, and when it stops. */
export class Pace {
  readonly #elapsedMs: () => number;
  readonly #endMs: number;
  #reads = 0;
  #limit = FIRST_READS;
  #savedMs: number;

  constructor({ elapsedMs = () => 0, limitMs = Number.POSITIVE_INFINITY }: PaceOptions) {
    this.#elapsedMs = elapsedMs;
    this.#savedMs = elapsedMs();
    this.#endMs = this.#savedMs + limitMs;
  }

  get isOver(): boolean {
    return this.#elapsedMs() >= this.#endMs;
  }

  /** Counts a read; returns whether to save now. */
  step(): boolean {
    this.#reads++;
    if (this.#reads < this.#limit && this.#elapsedMs() - this.#savedMs < SAVE_MS) return false;
    this.#reads = 0;
    this.#limit = Math.min(2 * this.#limit, MAX_READS);
    this.#savedMs = this.#elapsedMs();
    return true;
  }
}

interface PaceOptions {
  elapsedMs?: (() => number) | undefined;
  limitMs?: number | undefined;
}
