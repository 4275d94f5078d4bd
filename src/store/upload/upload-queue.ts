import type { StoreHealth } from "../store-health.ts";

/**
 * Uploads in the order they come, a bounded number at once, and remembers only what to upload: the bytes are read
 * from disk when it is a task's turn. While the remote doesn't answer, tasks wait and one now and then is a probe.
 */
export class UploadQueue<Task> {
  readonly #concurrency: number;
  readonly #upload: (task: Task, signal: AbortSignal) => Promise<boolean>;
  readonly #health: StoreHealth;
  readonly #waiting: Task[] = [];
  readonly #running = new Set<Promise<void>>();
  #current = new AbortController();
  #phase: "open" | "draining" | "abandoned" = "open";
  #lost = 0;

  constructor(options: {
    concurrency: number;
    /** Resolves with whether the store was asked at all. Rejects when the task failed; it is not tried again. */
    upload: (task: Task, signal: AbortSignal) => Promise<boolean>;
    health: StoreHealth;
  }) {
    this.#concurrency = options.concurrency;
    this.#upload = options.upload;
    this.#health = options.health;
  }

  /** How many tasks are waiting or under way. */
  get size(): number {
    return this.#waiting.length + this.#running.size;
  }

  push(task: Task): void {
    this.#waiting.push(task);
    this.#fill();
  }

  /** Ends what is under way, for the remote doesn't answer. Tasks that wait go on waiting. */
  interrupt(): void {
    this.#current.abort(new Error("uploads were stopped"));
    this.#current = new AbortController();
  }

  /** Ends what is under way and forgets the rest. */
  abandon(): void {
    this.#phase = "abandoned";
    this.interrupt();
  }

  /**
   * Resolves when everything is uploaded, when that has no hope, or after `limitMs`; nothing is under way then.
   * Returns how many tasks were not uploaded.
   */
  async drain(limitMs: number): Promise<number> {
    if (this.#phase === "open") this.#phase = "draining";
    const timer = setTimeout(() => this.abandon(), limitMs);
    while (this.#running.size > 0) await Promise.race(this.#running);
    clearTimeout(timer);
    return this.#lost + this.#waiting.length;
  }

  #fill(): void {
    while (this.#waiting.length > 0 && this.#running.size < this.#concurrency && this.#mayStart()) {
      this.#start(this.#waiting.shift() as Task);
    }
  }

  #mayStart(): boolean {
    if (this.#phase === "abandoned") return false;
    const admitted = this.#health.writes.admit();
    // Nobody waits for a probe, and a drain is waited for.
    return admitted === "call" || (admitted === "probe" && this.#phase === "open");
  }

  #start(task: Task): void {
    const signal = this.#current.signal;
    const run = this.#upload(task, signal).then(
      (wasAsked) => {
        if (wasAsked) this.#health.succeeded("writes");
      },
      (error) => {
        this.#lost++;
        if (!signal.aborted) this.#health.writeFailed(error);
      },
    );
    this.#running.add(run);
    void run.finally(() => {
      this.#running.delete(run);
      this.#fill();
    });
  }
}
