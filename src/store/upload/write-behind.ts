import { isDenial } from "../store-failure.ts";
import type { StoreHealth } from "../store-health.ts";
import { UploadJournal } from "./upload-journal.ts";
import { UploadLine } from "./upload-line.ts";
import { UploadQueue } from "./upload-queue.ts";

const RETRY_AFTER_MS = 60_000;

/** Uploads by name, in the background, and keeps a journal of what is not uploaded yet. */
export class WriteBehind {
  /** Bounds the uploads, which share it. */
  readonly line: UploadLine;
  readonly #options: WriteBehindOptions;
  readonly #journal: UploadJournal;
  readonly #queue: UploadQueue<string>;
  /** Names that wait for their turn; one that is pushed again meanwhile is uploaded once. */
  readonly #waiting = new Set<string>();
  /** Names whose upload failed, and when. */
  readonly #failed = new Map<string, number>();
  #underWay = 0;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
    this.line = new UploadLine(options.timeoutMs);
    this.#journal = new UploadJournal(options.journalDir);
    const { health, concurrency } = options;
    this.#queue = new UploadQueue({
      concurrency,
      health,
      upload: (name, signal) => this.#upload(name, signal),
    });
  }

  push(name: string): void {
    if (this.#waiting.has(name)) return;
    this.#journal.append(name);
    this.#enqueue(name);
  }

  /** How many names are waiting or under way; those that are retried later count as well. */
  get size(): number {
    return this.#waiting.size + this.#failed.size + this.#underWay;
  }

  /** Takes over what processes that died have left, and returns how many names that is. */
  adopt(): number {
    const names = this.#journal.adopt().filter((name) => !this.#waiting.has(name));
    for (const name of names) this.#enqueue(name);
    this.#tidy();
    return names.length;
  }

  /**
   * Resolves when all uploads are done, or have no hope, or after `limitMs`; the rest is left in the journal. Returns how
   * many were not uploaded.
   */
  async drain(limitMs: number): Promise<number> {
    this.line.hasten();
    const lost = await this.#queue.drain(limitMs);
    this.#tidy();
    this.#journal.leave();
    return lost;
  }

  /** Ends the uploads under way; see `UploadQueue`. */
  interrupt(): void {
    this.#queue.interrupt();
  }

  /** Ends what is under way and takes nothing more; the journal keeps it. */
  abandon(): void {
    this.#queue.abandon();
    this.#journal.leave();
  }

  #enqueue(name: string): void {
    this.#waiting.add(name);
    this.#queue.push(name);
  }

  async #upload(name: string, signal: AbortSignal): Promise<boolean> {
    this.#waiting.delete(name);
    this.#underWay++;
    try {
      const wasAsked = await this.#options.upload(name, signal);
      if (wasAsked) this.#retry();
      return wasAsked;
    } catch (error) {
      // Stays in the journal, unless the store will never take it.
      if (!isDenial(error)) this.#failed.set(name, Date.now());
      throw error;
    } finally {
      this.#underWay--;
      this.#tidy();
    }
  }

  /** The store takes uploads, so what failed a while ago has another chance. */
  #retry(): void {
    for (const [name, failedMs] of this.#failed) {
      if (Date.now() - failedMs < RETRY_AFTER_MS) continue;
      this.#failed.delete(name);
      if (!this.#waiting.has(name)) this.#enqueue(name);
    }
  }

  /** Forgets the journal when nothing is left that a successor would have to do. */
  #tidy(): void {
    if (this.size === 0) this.#journal.discard();
  }
}

interface WriteBehindOptions {
  health: StoreHealth;
  /** Uploads at once. */
  concurrency: number;
  /** Longest wait for the answer to a small upload. */
  timeoutMs: number;
  /** Where the journal lies: a directory for uploads of this kind, to this place, alone. */
  journalDir: string;
  /** Resolves with whether the store was asked at all. Rejects when the upload failed. */
  upload: (name: string, signal: AbortSignal) => Promise<boolean>;
}
