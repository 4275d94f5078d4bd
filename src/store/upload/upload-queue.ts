import type { GuardedStore } from "../guard/guarded-store.ts";
import { isDenial } from "../store-failure.ts";
import { Journal, type JournalFormat } from "./journal.ts";

const RETRY_AFTER_MS = 60_000;

/**
 * Uploads files by name in the background, in order of `push`, with bounded concurrency. Keeps only names, in memory
 * and in a journal, and reads the bytes from disk when an upload begins. While the store accepts no uploads, names stay
 * enqueued, except for occasional probes.
 */
export class UploadQueue {
  readonly #options: UploadQueueOptions;
  readonly #journal: Journal<object, string>;
  /** A set: a name that is pushed twice before its upload is uploaded once. */
  readonly #waiting = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  /** Failed uploads by name, with the time of the failure. They are retried. */
  readonly #failed = new Map<string, number>();
  readonly #controller = new AbortController();
  #phase: "open" | "draining" | "abandoned" = "open";
  #lost = 0;

  constructor(options: UploadQueueOptions) {
    this.#options = options;
    this.#journal = new Journal({ dir: options.journalDir, head: {}, format: NAMES });
  }

  push(name: string): void {
    if (this.#waiting.has(name)) return;
    this.#journal.append([name]);
    this.#enqueue(name);
  }

  /** Number of names not uploaded yet. */
  get size(): number {
    return this.#waiting.size + this.#failed.size + this.#running.size;
  }

  /** Adopts the names of dead processes and returns their number. */
  adopt(): number {
    const names = new Set(this.#journal.adopt()).difference(this.#waiting);
    for (const name of names) this.#enqueue(name);
    this.#tidy();
    return names.size;
  }

  /**
   * Resolves when all names are uploaded or hopeless, or after `limitMs`. No upload is in progress afterwards, and the
   * journal keeps the rest. Returns the number of names not uploaded.
   */
  async drain(limitMs: number): Promise<number> {
    this.#options.store.uplink.tighten();
    if (this.#phase === "open") this.#phase = "draining";
    // The store may have recovered since the last push.
    this.#fill();
    const timer = setTimeout(() => this.abandon(), limitMs);
    while (this.#running.size > 0) await Promise.race(this.#running);
    clearTimeout(timer);
    this.#tidy();
    this.#journal.stopHeartbeat();
    return this.#lost + this.#waiting.size;
  }

  /** Aborts uploads in progress and starts no more. The journal keeps them. */
  abandon(): void {
    this.#phase = "abandoned";
    this.#controller.abort(new Error("uploads were abandoned"));
    this.#journal.stopHeartbeat();
  }

  #enqueue(name: string): void {
    this.#waiting.add(name);
    this.#fill();
  }

  #fill(): void {
    for (const name of this.#waiting) {
      if (!this.#mayStart()) return;
      this.#waiting.delete(name);
      const run = this.#upload(name);
      this.#running.add(run);
      void run.finally(() => {
        this.#running.delete(run);
        this.#tidy();
        this.#fill();
      });
    }
  }

  #mayStart(): boolean {
    if (this.#phase === "abandoned" || this.#running.size >= this.#options.concurrency) return false;
    const { state } = this.#options.store.health.writes;
    // go waits for a drain, so a drain sends no probes.
    return (
      state === "closed" || (state === "half-open" && this.#phase === "open" && this.#running.size === 0)
    );
  }

  /** Never rejects. */
  async #upload(name: string): Promise<void> {
    try {
      const wasSent = await this.#options.upload(name, this.#controller.signal);
      if (wasSent) this.#retryFailed();
    } catch (error) {
      this.#lost++;
      // The journal keeps it, unless the store denies it for good.
      if (!isDenial(error)) this.#failed.set(name, Date.now());
    }
  }

  /** After a success, retries uploads that failed more than a minute ago. */
  #retryFailed(): void {
    for (const [name, failedMs] of this.#failed) {
      if (Date.now() - failedMs < RETRY_AFTER_MS) continue;
      this.#failed.delete(name);
      this.#waiting.add(name);
    }
  }

  /** Removes the journal when no work is left for a later process. */
  #tidy(): void {
    if (this.size === 0) this.#journal.discard();
  }
}

/** One name per line, as JSON. */
export const NAMES: JournalFormat<object, string> = {
  parseHead: () => ({}),
  format: (name) => JSON.stringify(name),
  parse(line) {
    const name: unknown = JSON.parse(line);
    return typeof name === "string" ? name : undefined;
  },
};

interface UploadQueueOptions {
  store: GuardedStore;
  /** Concurrent uploads. */
  concurrency: number;
  /** Directory of the journal. Not shared with other kinds of uploads or other stores. */
  journalDir: string;
  /** Resolves with whether a request was sent. Rejects if the upload failed. */
  upload: (name: string, signal: AbortSignal) => Promise<boolean>;
}
