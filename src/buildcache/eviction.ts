/**
 * Decides which files of a cache directory are evicted. It keeps sums, not lists, so a million files take little
 * memory.
 */

/** Files used within this time are never evicted. */
export const KEEP_MS = 6 * 3_600_000;

/** Resolution of last uses. Finer is pointless: last uses are recorded to the hour. */
const STEP_MS = 10 * 60_000;

export interface PruneLimits {
  /** `undefined`: entries don't expire. */
  expiryMs: number | undefined;
  /** 0: no limit. */
  maxSizeBytes: number;
}

/** The bytes of all files, by time of last use. */
export class BytesByUse {
  readonly #steps = new Map<number, number>();
  totalBytes = 0;

  add(usedMs: number, bytes: number): void {
    const step = Math.floor(usedMs / STEP_MS);
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + bytes);
    this.totalBytes += bytes;
  }

  /** Bytes that can't be evicted. */
  addFixed(bytes: number): void {
    this.totalBytes += bytes;
  }

  /** The least recently used first. */
  get steps(): { fromMs: number; bytes: number }[] {
    const ascending = [...this.#steps].sort(([a], [b]) => a - b);
    return ascending.map(([step, bytes]) => ({ fromMs: step * STEP_MS, bytes }));
  }
}

/** The files to evict: everything last used before a time, and part of the step that follows. */
export class Eviction {
  readonly #keepFromMs: number;
  readonly #expiredBeforeMs: number;
  readonly #oldestMs: number;
  #beforeMs = Number.NEGATIVE_INFINITY;
  /** Bytes to evict from the step that begins at `#beforeMs`. */
  #excessBytes = 0;

  constructor(use: BytesByUse, { expiryMs, maxSizeBytes }: PruneLimits, nowMs: number) {
    this.#keepFromMs = nowMs - KEEP_MS;
    this.#expiredBeforeMs = nowMs - (expiryMs ?? Number.POSITIVE_INFINITY);
    this.#oldestMs = use.steps[0]?.fromMs ?? Number.POSITIVE_INFINITY;
    if (maxSizeBytes > 0) this.#fit(use, maxSizeBytes);
  }

  /** Files used since this time are never evicted. */
  get keepFromMs(): number {
    return this.#keepFromMs;
  }

  /** Whether there may be a file to evict. */
  get isNeeded(): boolean {
    const limitMs = Math.max(this.#expiredBeforeMs, this.#beforeMs + STEP_MS);
    return this.#oldestMs < Math.min(this.#keepFromMs, limitMs);
  }

  wants({ usedMs, canExpire = true }: { usedMs: number; canExpire?: boolean }): boolean {
    if (usedMs >= this.#keepFromMs) return false;
    if (usedMs < this.#beforeMs || (canExpire && usedMs < this.#expiredBeforeMs)) return true;
    return usedMs < this.#beforeMs + STEP_MS && this.#excessBytes > 0;
  }

  /** Records that a file was evicted. */
  evicted(usedMs: number, bytes: number): void {
    if (usedMs >= this.#beforeMs) this.#excessBytes -= bytes;
  }

  #fit(use: BytesByUse, maxSizeBytes: number): void {
    let excessBytes = use.totalBytes - maxSizeBytes;
    for (const { fromMs, bytes } of use.steps) {
      if (excessBytes <= 0 || fromMs >= this.#keepFromMs) return;
      this.#beforeMs = fromMs;
      this.#excessBytes = excessBytes;
      excessBytes -= bytes;
    }
  }
}
