/**
 * A body while it is received, for any number of readers at their own pace. A small one stays in memory; a larger one
 * goes into a file, and its last part stays in memory for readers that keep up. Where there is no file, or no room for
 * it, the sender waits for the slowest reader instead.
 */
import { GrowingBody } from "../../lib/files/growing-body.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import { MemoryWindow } from "./memory-window.ts";
import { SpoolFile } from "./spool-file.ts";
import type { FinishedBody } from "./stored-response.ts";

/** How long the sender waits for the fastest reader: to read the file again costs more than a moment. */
const PATIENCE_MS = 20;

export interface SpoolOptions {
  /** Throws when the disk takes nothing. */
  createTemp: () => TempFile;
  /** The largest body that has no file; also how much of a larger one stays in memory. */
  memoryBytes: number;
  /** A larger body is passed on and not kept. */
  maxBytes: number;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #body = new GrowingBody();
  readonly #window = new MemoryWindow();
  readonly #file: SpoolFile;
  readonly #readers = new Set<{ offset: number }>();
  /** Resolved and replaced when a reader advances or leaves, or the file grows. */
  #advanced = Promise.withResolvers<void>();
  /** The readers were waited for in vain. */
  #isLate = false;
  #onIdle: (() => void) | undefined;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#file = new SpoolFile({
      createTemp: options.createTemp,
      next: (offset) => this.#window.at(offset),
      onCreate: (path) => this.#body.openFile(path),
      onProgress: () => {
        this.#trim();
        this.#advance();
      },
    });
  }

  /** Called when the last reader leaves before the end. */
  set onIdle(callback: () => void) {
    this.#onIdle = callback;
  }

  /**
   * Takes the next bytes, which must not change any more. Waits for the file, and for readers that only memory serves.
   */
  async append(bytes: Uint8Array): Promise<void> {
    this.#window.append(bytes);
    this.#startWriting();
    this.#body.grow();
    this.#trim();
    for (let end = this.#surplusEnd(); end !== undefined; end = this.#surplusEnd()) {
      const hasAdvanced = await this.#nextAdvance(this.#isInFile(end) ? PATIENCE_MS : undefined);
      this.#trim();
      // Slower readers go on in the file.
      if (!hasAdvanced) return;
    }
  }

  /**
   * The body is complete: readers end. The caller owns the result; `undefined`: it was not kept. A file is hashed only
   * now, when no client waits for it.
   */
  async finish(): Promise<FinishedBody | undefined> {
    this.#body.finish();
    const temp = await this.#file.close();
    if (this.#file.isAbandoned) return undefined;
    const sizeBytes = this.#window.end;
    if (temp === undefined) {
      const bytes = this.#window.concat();
      return { sha256: new Bun.CryptoHasher("sha256").update(bytes).digest("hex"), sizeBytes, bytes };
    }
    const sha256 = await hashFile(temp.path, new AbortController().signal);
    if (sha256 !== undefined) return { sha256, sizeBytes, temp };
    temp.discard();
    return undefined;
  }

  /** The body broke off: readers get `error`. Resolves when nothing is left on the disk. */
  async fail(error: unknown): Promise<void> {
    this.#file.abandon();
    this.#body.fail(error);
    await this.#file.close();
  }

  /** No new readers come. */
  release(): void {
    this.#body.release();
  }

  /** The whole body as it comes. The first chunk must be requested before `release`. */
  async *read(): AsyncGenerator<Uint8Array, void, void> {
    const reader = { offset: 0 };
    this.#readers.add(reader);
    try {
      for await (const bytes of this.#body.follow((offset) => this.#readAt(offset))) {
        reader.offset += bytes.length;
        yield bytes;
        this.#advance();
      }
    } finally {
      this.#readers.delete(reader);
      this.#advance();
      if (this.#body.isGrowing && this.#readers.size === 0) this.#onIdle?.();
    }
  }

  #readAt(offset: number): Uint8Array | Promise<Uint8Array> | undefined {
    if (offset >= this.#window.end) return undefined;
    return this.#window.at(offset) ?? this.#body.readFile(offset, this.#window.start);
  }

  #startWriting(): void {
    const { memoryBytes, maxBytes } = this.#options;
    if (this.#window.end > maxBytes) this.#file.abandon();
    if (this.#file.isAbandoned) return;
    if (this.#file.exists || this.#window.end > memoryBytes) this.#file.write();
  }

  /** Where the oldest piece ends, if memory holds more than it should and this piece is still needed. */
  #surplusEnd(): number | undefined {
    const end = this.#window.oldestEnd;
    if (end === undefined || this.#window.bufferedBytes <= this.#options.memoryBytes) return undefined;
    return this.#isDone(end) ? undefined : end;
  }

  /** Whether neither a reader nor the file needs the bytes before `end` in memory. */
  #isDone(end: number): boolean {
    return end <= this.#neededFrom() && (this.#file.isAbandoned || this.#isInFile(end));
  }

  /** Whether all bytes before `end` are in a file that every reader can use. */
  #isInFile(end: number): boolean {
    return !this.#file.isAbandoned && end <= this.#file.sizeBytes;
  }

  /** Before this offset no reader needs memory: with a file the fastest reader counts, without one the slowest. */
  #neededFrom(): number {
    const offsets = [...this.#readers].map(({ offset }) => offset);
    if (this.#file.isAbandoned || !this.#file.exists) return Math.min(this.#window.end, ...offsets);
    return offsets.length === 0 ? this.#window.end : Math.max(...offsets);
  }

  /** Waits for a reader or the file; `false`: nothing advanced within `limitMs`. */
  async #nextAdvance(limitMs: number | undefined): Promise<boolean> {
    const advanced = this.#advanced.promise.then(() => true);
    if (limitMs === undefined) return await advanced;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      this.#isLate = true;
      resolve(false);
    }, limitMs);
    try {
      return await Promise.race([advanced, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Drops from memory what is not needed there. */
  #trim(): void {
    for (;;) {
      const end = this.#window.oldestEnd;
      if (end === undefined || this.#window.bufferedBytes <= this.#options.memoryBytes) break;
      if (!this.#isDone(end) && !(this.#isLate && this.#isInFile(end))) return;
      this.#window.dropOldest();
    }
    this.#isLate = false;
  }

  #advance(): void {
    this.#advanced.resolve();
    this.#advanced = Promise.withResolvers();
  }
}
