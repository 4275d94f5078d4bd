/** Where a body goes while it comes. */
export interface BodySink {
  /** Bytes that were written so far. */
  readonly sizeBytes: number;
  write(chunk: Uint8Array): void;
  /** A body begins, from its start; how long it will be, if that is known. */
  restart(totalBytes: number | undefined): void;
}

/** A body in memory. */
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

/** A body that no file of its kind can have; asking again does not help. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError" as const;

  constructor(maxBytes: number) {
    super(`larger than ${maxBytes} bytes`);
  }
}
