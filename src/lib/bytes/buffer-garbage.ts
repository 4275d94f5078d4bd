const LIMIT_BYTES = 24 << 20;

/**
 * Collects garbage once much of it is buffers. The runtime looks at the size of its own heap, in which a buffer of
 * megabytes is hardly seen, so hundreds of them would pile up.
 */
export class BufferGarbage {
  readonly #limitBytes: number;
  #bytes = 0;

  /** `limitBytes`: this much garbage since the last collection starts the next one. */
  constructor(limitBytes = LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /** Notes that a buffer of that size is not needed any more. */
  release(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#limitBytes) return;
    this.#bytes = 0;
    Bun.gc(true);
  }
}
