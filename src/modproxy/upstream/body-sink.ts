/** Receives the body of a download. */
export interface BodySink {
  /** Bytes written so far. */
  readonly sizeBytes: number;
  write(chunk: Uint8Array): void;
  /** Starts again at the beginning. `totalBytes`: the body's length, if known. */
  restart(totalBytes: number | undefined): void;
}

/** Keeps the body in memory. */
export class MemorySink implements BodySink {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > this.#maxBytes) throw new BodyTooLargeError(this.#maxBytes);
    this.#chunks.push(chunk);
  }

  restart(): void {
    this.#chunks = [];
    this.#sizeBytes = 0;
  }

  get bytes(): Buffer<ArrayBuffer> {
    return Buffer.concat(this.#chunks);
  }
}

/** The body is larger than any file of its kind; retrying does not help. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError" as const;

  constructor(maxBytes: number) {
    super(`larger than ${maxBytes} bytes`);
  }
}
