import type { GuardedStore } from "../guard/guarded-store.ts";
import { isDenial } from "../store-failure.ts";
import { Journal, type JournalFormat } from "./journal.ts";

const RETRY_AFTER_MS = 60_000;

/**
 * Uploads by name in the background, in the order they come, a bounded number at once. It keeps only names, in memory
 * and in a journal: the bytes are read from disk at their turn. While the store takes nothing, names wait, and one now
 * and then is a probe.
 */
export class UploadQueue {
  readonly #options: UploadQueueOptions;
  readonly #journal: Journal<object, string>;
  /** A name that is pushed again before its turn is uploaded once. */
  readonly #waiting = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  /** Names whose upload failed, and when; they are retried. */
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

  /** How many names are not uploaded yet. */
  get size(): number {
    return this.#waiting.size + this.#failed.size + this.#running.size;
  }

  /** Adopts the names that processes left which died; returns how many there are. */
  adopt(): number {
    const names = new Set(this.#journal.adopt()).difference(this.#waiting);
    for (const name of names) this.#enqueue(name);
    this.#tidy();
    return names.size;
  }

  /**
   * Resolves when all is uploaded, when that has no hope, or after `limitMs`; nothing is under way then, and the journal
   * keeps the rest. Returns how many names were not uploaded.
   */
  async drain(limitMs: number): Promise<number> {
    this.#options.store.uplink.tighten();
    if (this.#phase === "open") this.#phase = "draining";
    const timer = setTimeout(() => this.abandon(), limitMs);
    while (this.#running.size > 0) await Promise.race(this.#running);
    clearTimeout(timer);
    this.#tidy();
    this.#journal.stopHeartbeat();
    return this.#lost + this.#waiting.size;
  }

  /** Ends what is under way and takes nothing more; the journal keeps it. */
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
    // A drain is waited for, so it makes no probe.
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
      // It stays in the journal, unless the store never takes it.
      if (!isDenial(error)) this.#failed.set(name, Date.now());
    }
  }

  /** The store takes uploads, so what failed a while ago has another chance. */
  #retryFailed(): void {
    for (const [name, failedMs] of this.#failed) {
      if (Date.now() - failedMs < RETRY_AFTER_MS) continue;
      this.#failed.delete(name);
      this.#waiting.add(name);
    }
  }

  /** Forgets the journal when nothing is left that a successor would have to do. */
  #tidy(): void {
    if (this.size === 0) this.#journal.discard();
  }
}

/** A name as JSON a line. */
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
  /** Uploads at once. */
  concurrency: number;
  /** A directory for uploads of this kind, to this place, alone. */
  journalDir: string;
  /** Resolves with whether the store was asked at all. Rejects when the upload failed. */
  upload: (name: string, signal: AbortSignal) => Promise<boolean>;
}
