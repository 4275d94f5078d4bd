import { closeSync, openSync, readSync } from "node:fs";
import type { TempFile } from "../../store/local/temp-file.ts";
import { diskError, InvalidFileError } from "../mod-error.ts";
import { type BodySink, BodyTooLargeError } from "../upstream/body-sink.ts";

/** A file this large is handed on while it comes; a smaller one when it is whole, and so never in vain. */
const SHOWN_FROM_BYTES = 16 << 20;
/** The end that readers don't get before the file is known to be good. */
const WITHHELD_BYTES = 64 << 10;
const CHUNK_BYTES = 256 << 10;

/** A large file that is written while any number of readers follow. */
export class GrowingFile implements BodySink {
  readonly #temp: TempFile;
  readonly #maxBytes: number;
  readonly #hash = new Bun.CryptoHasher("sha256");
  readonly #shown = Promise.withResolvers<void>();
  #state: "growing" | "good" | "failed" = "growing";
  #failure: unknown;
  #isShown = false;
  #totalBytes: number | undefined;
  /** Where the body that is coming has got to; behind `#temp.sizeBytes` when it was begun anew. */
  #position = 0;
  #repeated: Bun.CryptoHasher | undefined;
  #grown = Promise.withResolvers<void>();

  constructor(temp: TempFile, maxBytes: number) {
    this.#temp = temp;
    this.#maxBytes = maxBytes;
    // Nobody need listen.
    this.#shown.promise.catch(() => undefined);
  }

  get sizeBytes(): number {
    return this.#position;
  }

  /** What the file will have; `undefined`: not known yet. */
  get totalBytes(): number | undefined {
    return this.#totalBytes;
  }

  get sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  get isFinished(): boolean {
    return this.#state === "good";
  }

  /** Resolves when the file is good, or so large that it is to be read meanwhile; rejects when it failed before. */
  get shown(): Promise<void> {
    return this.#shown.promise;
  }

  /** Resolves when the file is good, and rejects when it is not. */
  async settled(): Promise<void> {
    while (this.#state === "growing") await this.#grown.promise;
    if (this.#state === "failed") throw this.#failure;
  }

  restart(totalBytes: number | undefined): void {
    if (totalBytes !== undefined && totalBytes > this.#maxBytes) throw new BodyTooLargeError(this.#maxBytes);
    this.#totalBytes = totalBytes;
    this.#position = 0;
    this.#repeated = new Bun.CryptoHasher("sha256");
  }

  write(chunk: Uint8Array): void {
    if (this.#position + chunk.length > this.#maxBytes) throw new BodyTooLargeError(this.#maxBytes);
    const rest = this.#skipRepeated(chunk);
    this.#position += chunk.length;
    if (rest.length === 0) return;
    this.#append(rest);
    if (this.#temp.sizeBytes >= SHOWN_FROM_BYTES) this.#show();
    this.#wake();
  }

  /** The file is good and in place. */
  succeed(): void {
    this.#state = "good";
    this.#show();
    this.#wake();
  }

  fail(error: unknown): void {
    this.#state = "failed";
    this.#failure = error;
    this.#shown.reject(error);
    this.#wake();
  }

  /**
   * All of it, from the start, as it comes; to be called before the file is good, for then it is elsewhere. Throws when
   * it turns out to be no good: the end was not handed out.
   */
  read(): AsyncGenerator<Uint8Array, void, void> {
    return this.#follow(openSync(this.#temp.path, "r"));
  }

  async *#follow(fd: number): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (let position = 0; ; ) {
        const end = this.#readableBytes();
        if (position < end) {
          const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - position));
          position += readSync(fd, chunk, 0, chunk.length, position);
          yield chunk;
        } else if (this.#state === "good") return;
        else await this.#grown.promise;
      }
    } finally {
      closeSync(fd);
    }
  }

  #readableBytes(): number {
    if (this.#state === "failed") throw this.#failure;
    return this.#state === "good" ? this.#temp.sizeBytes : this.#temp.sizeBytes - WITHHELD_BYTES;
  }

  /** What of `chunk` is new. Readers have the rest already, so it must be the same as before. */
  #skipRepeated(chunk: Uint8Array): Uint8Array {
    const known = this.#temp.sizeBytes - this.#position;
    if (known <= 0) return chunk;
    const part = chunk.subarray(0, known);
    this.#repeated?.update(part);
    if (part.length === known && this.#repeated?.digest("hex") !== this.sha256) {
      throw new InvalidFileError("upstream sent another file when it was asked again");
    }
    return chunk.subarray(part.length);
  }

  #append(bytes: Uint8Array): void {
    try {
      this.#temp.write(bytes);
    } catch (cause) {
      throw diskError(cause);
    }
    this.#hash.update(bytes);
  }

  #show(): void {
    if (this.#isShown) return;
    this.#isShown = true;
    this.#shown.resolve();
  }

  #wake(): void {
    const { resolve } = this.#grown;
    this.#grown = Promise.withResolvers();
    resolve();
  }
}
