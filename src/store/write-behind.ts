import { statSync } from "node:fs";
import { describeError } from "../lib/describe-error.ts";
import { isErrno } from "../lib/errno.ts";
import type { Logger } from "../lib/logger.ts";
import { hashName } from "./named-files.ts";
import { MAX_OBJECT_BYTES } from "./object-limit.ts";
import type { ObjectStore } from "./object-store.ts";
import { isDenial } from "./store-failure.ts";
import type { StoreHealth } from "./store-health.ts";
import { tieredKey } from "./tiered-key.ts";
import { UploadJournal } from "./upload-journal.ts";
import { UploadLine } from "./upload-line.ts";
import { UploadQueue } from "./upload-queue.ts";

const RETRY_AFTER_MS = 60_000;

/** Uploads local files by name, behind, and notes in a journal what is not uploaded yet. */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  readonly #journal: UploadJournal;
  readonly #queue: UploadQueue<string>;
  readonly #line: UploadLine;
  /** Names that wait for their turn; one that is pushed again meanwhile is uploaded once. */
  readonly #waiting = new Set<string>();
  /** Names whose upload failed, and when. */
  readonly #failed = new Map<string, number>();
  #underWay = 0;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
    this.#line = new UploadLine(options.timeoutMs);
    this.#journal = new UploadJournal(options.journalDir);
    const { health, uploads } = options;
    this.#queue = new UploadQueue({
      concurrency: uploads,
      health,
      upload: (name, signal) => this.#upload(name, signal),
    });
  }

  push(name: string): void {
    if (this.#waiting.has(name)) return;
    this.#journal.append(name);
    this.#enqueue(name);
  }

  /** How many files are waiting or under way; those that are tried again later count as well. */
  get size(): number {
    return this.#waiting.size + this.#failed.size + this.#underWay;
  }

  /** Takes over what processes that died have left. */
  adopt(): number {
    const names = this.#journal.adopt().filter((name) => !this.#waiting.has(name));
    for (const name of names) this.#enqueue(name);
    this.#tidy();
    return names.length;
  }

  /** See `TieredStore.drain`. */
  async drain(limitMs: number): Promise<void> {
    this.#line.hasten();
    await this.#queue.drain(limitMs);
    this.#tidy();
    this.#journal.leave();
  }

  #enqueue(name: string): void {
    this.#waiting.add(name);
    this.#queue.push(name);
  }

  async #upload(name: string, signal: AbortSignal): Promise<boolean> {
    this.#underWay++;
    try {
      const wasAsked = await this.#put(name, signal);
      if (wasAsked) this.#retry();
      return wasAsked;
    } catch (error) {
      // Stays in the journal, unless the store will never take it.
      if (!isDenial(error)) this.#failed.set(name, Date.now());
      this.#options.count("put_s3_error");
      this.#options.log.info(() => `put ${name}: ${describeError(error)}`);
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

  /** Returns whether the store was asked. */
  async #put(name: string, signal: AbortSignal): Promise<boolean> {
    const { store, prefix, kind, mayUpload, findPath, count } = this.#options;
    this.#waiting.delete(name);
    const isWanted = await (mayUpload?.(name) ?? true);
    const path = isWanted ? findPath(name) : undefined;
    if (path === undefined) return false;
    try {
      const sizeBytes = statSync(path).size;
      if (sizeBytes > MAX_OBJECT_BYTES) return false;
      const key = tieredKey(prefix, kind, hashName(name));
      await this.#line.bounded(sizeBytes, signal, async (bounded) => {
        await store.put(key, { path, sizeBytes }, { signal: bounded });
      });
      count("put_s3");
      count("put_s3_bytes", sizeBytes);
      return true;
    } catch (error) {
      // Pruned, or found bad, since it was queued.
      if (!isErrno(error, "ENOENT")) throw error;
      return false;
    }
  }

  /** Forgets the journal when nothing is left that a successor would have to do. */
  #tidy(): void {
    if (this.size === 0) this.#journal.discard();
  }
}

interface WriteBehindOptions {
  store: ObjectStore;
  prefix: string;
  kind: string;
  health: StoreHealth;
  uploads: number;
  timeoutMs: number;
  journalDir: string;
  mayUpload?: (name: string) => Promise<boolean>;
  /** Where a name's bytes are. */
  findPath: (name: string) => string | undefined;
  log: Logger;
  count: (event: string, amount?: number) => void;
}
