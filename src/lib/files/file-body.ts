import { type FileHandle, open } from "node:fs/promises";
import { abortable } from "../async/abortable.ts";

/** Large enough that the calls don't count, small enough for hundreds of files at once. */
const CHUNK_BYTES = 256 << 10;

/** Which bytes of a file to read. */
export interface FilePart {
  /** For messages. */
  path: string;
  offset: number;
  length: number;
  signal?: AbortSignal | undefined;
}

/** A part of a file, which is opened when the first byte is read and may be removed from then on. */
export async function* readFilePart(part: FilePart): AsyncGenerator<Uint8Array, void, void> {
  yield* fileBody(await open(part.path, "r"), part);
}

/**
 * A part of an open file as a stream. The stream owns the file: it closes it at its end, at an error, at an abort and
 * when it is cancelled. A file that ends early is an error.
 */
export function fileBody(file: FileHandle, part: FilePart): ReadableStream<Uint8Array> {
  const reader = new PartReader(file, part);
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => reader.start(controller),
      pull: (controller) => reader.pull(controller),
      cancel: () => reader.close(),
    },
    { highWaterMark: 0 },
  );
}

class PartReader {
  readonly #file: FileHandle;
  readonly #part: FilePart;
  #position: number;
  #stopListening: () => void = () => {};

  constructor(file: FileHandle, part: FilePart) {
    this.#file = file;
    this.#part = part;
    this.#position = part.offset;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { length, signal } = this.#part;
    const abort = () => {
      controller.error(signal?.reason);
      this.close();
    };
    this.#stopListening = () => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort, { once: true });
    if (length === 0) this.#finish(controller);
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      controller.enqueue(await this.#read());
      if (this.#position === this.#end) this.#finish(controller);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Not awaited: on a mount that hangs, closing a file takes as long. */
  close(): void {
    this.#stopListening();
    this.#file.close().catch(() => undefined);
  }

  get #end(): number {
    return this.#part.offset + this.#part.length;
  }

  #finish(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.close();
    controller.close();
  }

  async #read(): Promise<Uint8Array> {
    const { path, signal } = this.#part;
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, this.#end - this.#position));
    const reading = this.#file.read(chunk, 0, chunk.length, this.#position);
    const { bytesRead } = await abortable(reading, signal);
    if (bytesRead === 0) throw new Error(`${path} ends at ${this.#position} of ${this.#end} bytes`);
    this.#position += bytesRead;
    return chunk.subarray(0, bytesRead);
  }
}
