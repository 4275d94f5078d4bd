/**
 * A body while it is received, for any number of readers at their own pace. Small ones stay in memory; a larger one goes
 * into a file, and its last part stays in memory for those who keep up. Where there is no file, or no room in it, the
 * sender waits for the slowest reader instead.
 */
import { type FileHandle, open } from "node:fs/promises";
import type { TempFile } from "../../store/temp-file.ts";
import type { FinishedBody } from "./stored-response.ts";

const FILE_CHUNK_BYTES = 256 << 10;

export interface SpoolOptions {
  /** Throws when the disk takes nothing. */
  createTemp: () => TempFile;
  /** Up to here in memory alone; also what stays in memory of a larger one. */
  memoryBytes: number;
  /** A larger body is passed on and not kept. */
  maxBytes: number;
}

interface Piece {
  offset: number;
  bytes: Uint8Array;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #hash = new Bun.CryptoHasher("sha256");
  /** The last bytes, without a gap. */
  readonly #pieces: Piece[] = [];
  #piecesBytes = 0;
  #sizeBytes = 0;
  #temp: TempFile | undefined;
  /** Bytes that the file has from the start; no more are written once it is given up. */
  #isGivenUp = false;
  #state: "open" | "finished" | { error: unknown } = "open";
  readonly #readers = new Set<{ offset: number }>();
  #waiting = Promise.withResolvers<void>();
  #onIdle: (() => void) | undefined;

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Called when the last reader has gone before the end. */
  set onIdle(callback: () => void) {
    this.#onIdle = callback;
  }

  /** Takes the next bytes, which must not change any more. Waits for readers where they can't be left behind. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#pieces.push({ offset: this.#sizeBytes, bytes });
    this.#sizeBytes += bytes.length;
    this.#piecesBytes += bytes.length;
    if (!this.#isGivenUp) this.#write(bytes);
    this.#wake();
    this.#trim();
    const isFull = () => this.#pieces.length > 1 && this.#piecesBytes > this.#options.memoryBytes;
    while (this.#isGivenUp && isFull() && this.#readers.size > 0) {
      await this.#waiting.promise;
      this.#trim();
    }
  }

  /** All has come. What is returned is the caller's; `undefined`: it was not kept. */
  finish(): FinishedBody | undefined {
    this.#state = "finished";
    this.#wake();
    if (this.#isGivenUp) return undefined;
    const found = { sha256: this.#hash.digest("hex"), sizeBytes: this.#sizeBytes };
    if (this.#temp !== undefined) return { ...found, temp: this.#temp };
    return { ...found, bytes: Buffer.concat(this.#pieces.map(({ bytes }) => bytes)) };
  }

  /** No more will come; readers are told `error`. */
  fail(error: unknown): void {
    this.#state = { error };
    this.#temp?.discard();
    this.#wake();
  }

  /** All of the body as it comes, from its start. To be called before anything else can happen, or not at all. */
  async *read(): AsyncGenerator<Uint8Array, void, void> {
    const reader = { offset: 0 };
    this.#readers.add(reader);
    let file: FileHandle | undefined;
    try {
      for (;;) {
        let bytes = this.#pieceAt(reader.offset);
        if (bytes === undefined && reader.offset < this.#sizeBytes) {
          // The file keeps its bytes when it is renamed or removed.
          file ??= await open(this.#temp?.path ?? "", "r");
          bytes = await readChunk(file, reader.offset, this.#firstOffset());
        }
        if (bytes !== undefined) {
          reader.offset += bytes.length;
          yield bytes;
          if (this.#isGivenUp) this.#wake();
        } else if (this.#state === "finished") return;
        else if (this.#state !== "open") throw this.#state.error;
        else await this.#waiting.promise;
      }
    } finally {
      this.#readers.delete(reader);
      this.#wake();
      await file?.close();
      if (this.#state === "open" && this.#readers.size === 0) this.#onIdle?.();
    }
  }

  #write(bytes: Uint8Array): void {
    const { memoryBytes, maxBytes, createTemp } = this.#options;
    if (this.#temp === undefined && this.#sizeBytes <= memoryBytes) return;
    try {
      if (this.#sizeBytes > maxBytes) throw new Error(`larger than ${maxBytes} bytes`);
      if (this.#temp !== undefined) this.#temp.write(bytes);
      else {
        this.#temp = createTemp();
        for (const piece of this.#pieces) this.#temp.write(piece.bytes);
      }
    } catch {
      this.#isGivenUp = true;
    }
  }

  /** Drops from memory what the file has, or every reader. */
  #trim(): void {
    const inFile = this.#temp?.sizeBytes ?? 0;
    const slowest = Math.min(this.#sizeBytes, ...[...this.#readers].map(({ offset }) => offset));
    while (this.#pieces.length > 1 && this.#piecesBytes > this.#options.memoryBytes) {
      const { offset, bytes } = this.#pieces[0] as Piece;
      const end = offset + bytes.length;
      if (end > inFile && end > slowest) return;
      // Readers before the first piece read the file, up to where it ends.
      if (this.#isGivenUp && end > slowest) return;
      this.#pieces.shift();
      this.#piecesBytes -= bytes.length;
    }
  }

  #firstOffset(): number {
    return this.#pieces[0]?.offset ?? this.#sizeBytes;
  }

  #pieceAt(offset: number): Uint8Array | undefined {
    if (offset >= this.#sizeBytes || offset < this.#firstOffset()) return undefined;
    const piece = this.#pieces.findLast((candidate) => candidate.offset <= offset);
    return piece?.bytes.subarray(offset - piece.offset);
  }

  #wake(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }
}

async function readChunk(file: FileHandle, offset: number, end: number): Promise<Uint8Array> {
  const chunk = Buffer.allocUnsafe(Math.min(FILE_CHUNK_BYTES, end - offset));
  const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
  if (bytesRead === 0) throw new Error("the file of a body ends early");
  return chunk.subarray(0, bytesRead);
}
