/** Simulated time: what happens next is decided by the timeline alone, so that a seed always leads to the same events. */

interface Event {
  ms: number;
  /** Of two events at the same time the earlier one comes first. */
  order: number;
  action: () => void;
}

/** So many turns of the event loop after an event: whoever works has sent the next request then. */
const TURNS = 8;

export class Timeline {
  /** Milliseconds since 1970. */
  nowMs: number;
  /** Events so far. */
  count = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  after(ms: number, action: () => void): Event {
    const event = { ms: this.nowMs + Math.max(0, ms), order: this.#order++, action };
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets everything happen up to this time. `onEvent` is called when the work after an event is done. */
  async run(untilMs: number, onEvent: () => void | Promise<void> = () => {}): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
      const next = this.#heap[0];
      if (next === undefined || next.ms > untilMs) break;
      this.#take();
      this.nowMs = Math.max(this.nowMs, next.ms);
      this.count++;
      next.action();
      await onEvent();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #take(): void {
    const last = this.#heap.pop() as Event;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(at: number): void {
    const heap = this.#heap;
    for (let child = at; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) return;
      [heap[child], heap[parent]] = [heap[parent] as Event, heap[child] as Event];
      child = parent;
    }
  }

  #sink(at: number): void {
    const heap = this.#heap;
    for (let parent = at; ; ) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      if (left >= heap.length) return;
      const child = right < heap.length && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, parent)) return;
      [heap[child], heap[parent]] = [heap[parent] as Event, heap[child] as Event];
      parent = child;
    }
  }

  #isBefore(one: number, two: number): boolean {
    const [a, b] = [this.#heap[one] as Event, this.#heap[two] as Event];
    return a.ms === b.ms ? a.order < b.order : a.ms < b.ms;
  }
}
