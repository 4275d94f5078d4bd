/** A shared line with limited bandwidth: `pass` resolves when that many bytes would have passed. */
export class Throttle {
  readonly #bytesPerMs: number | undefined;
  #freeAtMs = 0;

  constructor(bytesPerSecond: number | undefined) {
    this.#bytesPerMs = bytesPerSecond === undefined ? undefined : bytesPerSecond / 1000;
  }

  async pass(bytes: number): Promise<void> {
    if (this.#bytesPerMs === undefined) return;
    const nowMs = performance.now();
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + bytes / this.#bytesPerMs;
    // Timers are coarse: short delays are added to that of the next piece.
    if (this.#freeAtMs - nowMs > 2) await Bun.sleep(this.#freeAtMs - nowMs);
  }
}
