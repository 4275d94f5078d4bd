/** The time during which at least one of many operations was running. Each is added when it has ended. */
export class BusyTime {
  /** Apart from each other, in order. */
  readonly #spans: { startMs: number; endMs: number }[] = [];
  #totalMs = 0;

  get totalMs(): number {
    return this.#totalMs;
  }

  /** Both by one clock; nothing may have been added that ended later. */
  add(startMs: number, endMs: number): void {
    const span = { startMs, endMs };
    for (
      let last = this.#spans.at(-1);
      last !== undefined && last.endMs >= span.startMs;
      last = this.#spans.at(-1)
    ) {
      span.startMs = Math.min(span.startMs, last.startMs);
      this.#totalMs -= last.endMs - last.startMs;
      this.#spans.pop();
    }
    this.#spans.push(span);
    this.#totalMs += span.endMs - span.startMs;
  }
}
