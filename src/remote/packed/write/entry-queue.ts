import type { CacheEntry } from "../../../buildcache/entry.ts";

const ID_BYTES = 32;
/** Both ids, u48 bytes, u48 time of the put, u8 whether it is new. */
const ROW_BYTES = 2 * ID_BYTES + 13;
const CHUNK_ROWS = 1_024;

/** An entry whose output is not known to be in the bucket. */
export interface QueuedEntry extends CacheEntry {
  /** go has put it, in this session or in one whose journal was adopted; else it was only used. */
  isNew: boolean;
}

/** Entries that wait for their upload, the first one first, in a few bytes each: a bucket can be slower than go. */
export class EntryQueue {
  readonly #chunks: Buffer[] = [];
  /** File names of programs by action; rare. */
  readonly #executables = new Map<string, string>();
  /** Rows of the first chunk that are taken, and rows of the last chunk that are filled. */
  #taken = 0;
  #filled = CHUNK_ROWS;

  get size(): number {
    if (this.#chunks.length === 0) return 0;
    return (this.#chunks.length - 1) * CHUNK_ROWS - this.#taken + this.#filled;
  }

  push({ actionId, outputId, sizeBytes, putTimeMs, executable, isNew }: QueuedEntry): void {
    if (executable !== undefined) this.#executables.set(actionId, executable);
    if (this.#filled === CHUNK_ROWS) {
      this.#chunks.push(Buffer.allocUnsafe(CHUNK_ROWS * ROW_BYTES));
      this.#filled = 0;
    }
    const chunk = this.#chunks.at(-1) as Buffer;
    const at = this.#filled++ * ROW_BYTES;
    chunk.write(actionId, at, ID_BYTES, "hex");
    chunk.write(outputId, at + ID_BYTES, ID_BYTES, "hex");
    chunk.writeUIntLE(sizeBytes, at + 2 * ID_BYTES, 6);
    chunk.writeUIntLE(Math.max(0, Math.floor(putTimeMs)), at + 2 * ID_BYTES + 6, 6);
    chunk.writeUInt8(Number(isNew), at + 2 * ID_BYTES + 12);
  }

  shift(): QueuedEntry | undefined {
    const chunk = this.#chunks[0];
    if (this.size === 0 || chunk === undefined) return undefined;
    const at = this.#taken++ * ROW_BYTES;
    const actionId = chunk.toString("hex", at, at + ID_BYTES);
    const entry = {
      actionId,
      outputId: chunk.toString("hex", at + ID_BYTES, at + 2 * ID_BYTES),
      sizeBytes: chunk.readUIntLE(at + 2 * ID_BYTES, 6),
      putTimeMs: chunk.readUIntLE(at + 2 * ID_BYTES + 6, 6),
      isNew: chunk.readUInt8(at + 2 * ID_BYTES + 12) === 1,
      ...this.#takeName(actionId),
    };
    if (this.#taken === CHUNK_ROWS) {
      this.#chunks.shift();
      this.#taken = 0;
    }
    if (this.size === 0) {
      this.#chunks.length = 0;
      this.#taken = 0;
      this.#filled = CHUNK_ROWS;
    }
    return entry;
  }

  #takeName(actionId: string): { executable?: string } {
    const executable = this.#executables.get(actionId);
    this.#executables.delete(actionId);
    return executable === undefined ? {} : { executable };
  }
}
