/** Which bytes of a stream are wanted, and what to do on the way. */
export interface ExactStreamOptions {
  /** Bytes to leave out at the start. */
  skipBytes?: number;
  /** Bytes to yield after that. */
  takeBytes: number;
  /** Called with the size of every received chunk, dropped or not. */
  onBytes?: (count: number) => void;
  /** Makes the error for a source that fails (`cause` is its error) or ends early (`cause` is undefined). */
  onFailure: (bytesSoFar: number, cause: unknown) => unknown;
}

/**
 * A stream of exactly `takeBytes` bytes out of `source`, or an error: a source that ends early never looks
 * complete. Later bytes are dropped; cancelling cancels the source.
 */
export function exactStream(
  source: ReadableStream<Uint8Array>,
  options: ExactStreamOptions,
): ReadableStream<Uint8Array> {
  const cut = new Cut(source, options);
  return new ReadableStream<Uint8Array>(
    { pull: (controller) => cut.pull(controller), cancel: (reason) => cut.cancel(reason) },
    { highWaterMark: 0 },
  );
}

/** The needed part of a reader: Bun and Node declare the whole differently. */
interface StreamReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

class Cut {
  readonly #reader: StreamReader;
  readonly #options: ExactStreamOptions;
  #toSkip: number;
  #toTake: number;

  constructor(source: ReadableStream<Uint8Array>, options: ExactStreamOptions) {
    this.#reader = source.getReader();
    this.#options = options;
    this.#toSkip = options.skipBytes ?? 0;
    this.#toTake = options.takeBytes;
  }

  /** Enqueues the next wanted bytes. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    let part = new Uint8Array(0);
    while (part.length === 0 && this.#toTake > 0) part = this.#keep(await this.#read());
    this.#toTake -= part.length;
    if (part.length > 0) controller.enqueue(part);
    if (this.#toTake > 0) return;
    await this.#finish();
    controller.close();
  }

  async cancel(reason: unknown): Promise<void> {
    await this.#reader.cancel(reason);
  }

  #keep(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const start = Math.min(this.#toSkip, chunk.length);
    this.#toSkip -= start;
    return chunk.subarray(start, start + this.#toTake) as Uint8Array<ArrayBuffer>;
  }

  async #read(): Promise<Uint8Array> {
    const { value } = await this.#reader.read().catch((cause: unknown) => {
      throw this.#failure(cause);
    });
    if (value === undefined) throw this.#failure(undefined);
    this.#options.onBytes?.(value.length);
    return value;
  }

  #failure(cause: unknown): unknown {
    return this.#options.onFailure(this.#options.takeBytes - this.#toTake, cause);
  }

  /** One read beyond the last byte lets a connection be used again; a source with more to say is cut off. */
  async #finish(): Promise<void> {
    const rest = await this.#reader.read().catch(() => undefined);
    if (rest?.done === false) await this.#reader.cancel();
  }
}
