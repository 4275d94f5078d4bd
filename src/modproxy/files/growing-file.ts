import { InvalidFileError } from "../../gomod/invalid-file-error.ts";
import { GrowingBody } from "../../lib/files/growing-body.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import { diskError } from "../mod-error.ts";
import { type BodySink, BodyTooLargeError } from "../upstream/body-sink.ts";

/** A larger file is readable while it is downloaded; a smaller one when it is complete and checked. */
const SHOWN_FROM_BYTES = 16 << 20;
/** Readers get the end of the file only when the file is known to be good. */
const RESERVED_END_BYTES = 64 << 10;

/** A file that is downloaded while any number of readers follow. */
export class GrowingFile implements BodySink {
  readonly #temp: TempFile;
  readonly #maxBytes: number;
  readonly #body = new GrowingBody();
  readonly #hash = new Bun.CryptoHasher("sha256");
  readonly #shown = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  #totalBytes: number | undefined;
  /** The offset in the download; below `#temp.sizeBytes` after a restart. */
  #position = 0;
  #repeated: Bun.CryptoHasher | undefined;

  constructor(temp: TempFile, maxBytes: number) {
    this.#temp = temp;
    this.#maxBytes = maxBytes;
    // There may be no listeners.
    this.#shown.promise.catch(() => undefined);
    this.#settled.promise.catch(() => undefined);
  }

  get sizeBytes(): number {
    return this.#position;
  }

  /** The size of the complete file; `undefined`: not known yet. */
  get totalBytes(): number | undefined {
    return this.#totalBytes;
  }

  get sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  get isFinished(): boolean {
    return this.#body.isFinished;
  }

  /** Resolves when the file is good, or large enough to be read meanwhile; rejects when it failed before. */
  get shown(): Promise<void> {
    return this.#shown.promise;
  }

  /** Resolves when the file is good, and rejects when it is not. */
  async settled(): Promise<void> {
    await this.#settled.promise;
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
    if (this.#temp.sizeBytes >= SHOWN_FROM_BYTES) this.#shown.resolve();
    this.#body.grow();
  }

  /** The file is good and in place. */
  succeed(): void {
    this.#body.finish();
    this.#body.release();
    this.#shown.resolve();
    this.#settled.resolve();
  }

  fail(error: unknown): void {
    this.#body.fail(error);
    this.#body.release();
    this.#shown.reject(error);
    this.#settled.reject(error);
  }

  /**
   * The whole file from its start, as it is downloaded. To be called before the file is good, which moves it. Throws
   * when the file turns out bad; readers have not got its end then.
   */
  read(): AsyncGenerator<Uint8Array, void, void> {
    this.#body.openFile(this.#temp.path);
    return this.#body.follow((offset) => {
      const { sizeBytes } = this.#temp;
      const end = this.isFinished ? sizeBytes : sizeBytes - RESERVED_END_BYTES;
      return offset < end ? this.#body.readFile(offset, end) : undefined;
    });
  }

  /** The part of `chunk` that is new. Readers have the rest already, so it must be the same as before. */
  #skipRepeated(chunk: Uint8Array): Uint8Array {
    const known = this.#temp.sizeBytes - this.#position;
    if (known <= 0) return chunk;
    const part = chunk.subarray(0, known);
    this.#repeated?.update(part);
    if (part.length === known && this.#repeated?.digest("hex") !== this.sha256) {
      throw new InvalidFileError("upstream sent another file at the second request");
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
}
