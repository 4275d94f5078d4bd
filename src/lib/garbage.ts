const LIMIT_BYTES = 24 << 20;
/** A process of this size also gives back free memory and compiled code: that costs a tenth of its time. */
const LARGE_BYTES = 200 << 20;

/**
 * Collects garbage once there is much of it, and keeps a large process from growing. The runtime does so late: it hardly sees buffers of megabytes in the size
 * of its own heap, and lets that heap double before it looks.
 */
export class Garbage {
  readonly #limitBytes: number;
  #bytes = 0;

  /** `limitBytes`: this much garbage since the last collection starts the next one. */
  constructor(limitBytes = LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /** Notes that objects or buffers of that size are not needed any more. */
  release(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#limitBytes) return;
    this.#bytes = 0;
    if (process.memoryUsage.rss() < LARGE_BYTES) Bun.gc(true);
    else Bun.shrink();
  }
}
