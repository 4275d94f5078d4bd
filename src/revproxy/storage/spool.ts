/**
 * A body while it is received, for any number of readers at their own pace. Small ones stay in memory; a larger one goes
 * into a file, which another thread writes, and its last part stays in memory for those who keep up. Where there is no
 * file, or no room in it, the sender waits for the slowest reader instead.
 */
import { closeSync, openSync, read } from "node:fs";
import { promisify } from "node:util";
import { BufferGarbage } from "../../lib/bytes/buffer-garbage.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import type { FinishedBody } from "./stored-response.ts";

const FILE_CHUNK_BYTES = 256 << 10;

/** Pieces smaller than this are put together, up to so many bytes: an origin may send each byte by itself. */
const SMALL_BYTES = 8 << 10;
const BLOCK_BYTES = 32 << 10;

/** For how long the foremost reader is waited for: to read again from the file costs more than a moment. */
const PATIENCE_MS = 20;

/** Of all bodies together: to collect more often costs a quarter of the speed. */
const garbage = new BufferGarbage(64 << 20);

const readFd = promisify(read);

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
  /** What its bytes are the beginning of, where more may follow them. */
  block?: Uint8Array;
}

export class Spool {
  readonly #options: SpoolOptions;
  /** The last bytes, without a gap. */
  readonly #pieces: Piece[] = [];
  #piecesBytes = 0;
  #sizeBytes = 0;
  #temp: TempFile | undefined;
  /** What is under way to the file. Never rejects. */
  #writing: Promise<void> | undefined;
  /** To read the file with: it keeps its bytes when it is renamed or removed. */
  #fd: number | undefined;
  /** The owner, and every reader: the last one closes the file. */
  #users = 1;
  /** No more is written to the file. */
  #isGivenUp = false;
  #state: "open" | "finished" | { error: unknown } = "open";
  readonly #readers = new Set<{ offset: number }>();
  /** Resolved when there is more to read. */
  #waiting = Promise.withResolvers<void>();
  /** Resolved when a reader has gone on, or away, or more is in the file. */
  #passed = Promise.withResolvers<void>();
  /** Readers were waited for in vain. */
  #isHurried = false;
  #onIdle: (() => void) | undefined;

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Called when the last reader has gone before the end. */
  set onIdle(callback: () => void) {
    this.#onIdle = callback;
  }

  /** Takes the next bytes, which must not change any more. Waits for the file, and for readers that can't be left behind. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#take(bytes);
    this.#sizeBytes += bytes.length;
    this.#piecesBytes += bytes.length;
    this.#startWriting();
    this.#wake();
    this.#trim();
    for (let first = this.#surplus(); first !== undefined; first = this.#surplus()) {
      const isAhead = await this.#isPassed(this.#isReadableLater(first) ? PATIENCE_MS : undefined);
      this.#trim();
      // Whoever is that slow reads the file later.
      if (!isAhead) return;
    }
  }

  /**
   * All has come: readers may end. What is returned is the caller's; `undefined`: it was not kept. A file is hashed only
   * now, when nobody waits for it any more.
   */
  async finish(): Promise<FinishedBody | undefined> {
    this.#state = "finished";
    this.#wake();
    await this.#writing;
    const temp = this.#temp;
    if (this.#isGivenUp) {
      temp?.discard();
      return undefined;
    }
    const sizeBytes = this.#sizeBytes;
    if (temp === undefined) {
      const bytes = Buffer.concat(this.#pieces.map((piece) => piece.bytes));
      return { sha256: new Bun.CryptoHasher("sha256").update(bytes).digest("hex"), sizeBytes, bytes };
    }
    const sha256 = await hashFile(temp.path, new AbortController().signal);
    if (sha256 !== undefined) return { sha256, sizeBytes, temp };
    temp.discard();
    return undefined;
  }

  /** No more will come; readers are told `error`. Resolves when nothing is left on the disk. */
  async fail(error: unknown): Promise<void> {
    this.#state = { error };
    this.#isGivenUp = true;
    this.#wake();
    await this.#writing;
    this.#temp?.discard();
  }

  /** Nobody new will read. */
  release(): void {
    this.#leave();
  }

  /** All of the body as it comes, from its start. To be read at once, or not at all. */
  async *read(): AsyncGenerator<Uint8Array, void, void> {
    const reader = { offset: 0 };
    this.#readers.add(reader);
    this.#users++;
    try {
      for (;;) {
        // Before looking: what comes meanwhile must not be waited for.
        const more = this.#waiting.promise;
        const bytes = this.#pieceAt(reader.offset) ?? (await this.#fromFile(reader.offset));
        if (bytes !== undefined) {
          reader.offset += bytes.length;
          yield bytes;
          this.#pass();
        } else if (this.#state === "finished" && reader.offset === this.#sizeBytes) return;
        else if (typeof this.#state === "object") throw this.#state.error;
        else if (this.#canRead(reader.offset)) continue;
        else if (this.#state === "finished") throw new Error("the body was let go of before it was read");
        else await more;
      }
    } finally {
      this.#readers.delete(reader);
      this.#pass();
      this.#leave();
      if (this.#state === "open" && this.#readers.size === 0) this.#onIdle?.();
    }
  }

  #take(bytes: Uint8Array): void {
    const last = this.#pieces.at(-1);
    const start = last?.bytes.length ?? 0;
    if (last?.block !== undefined && start + bytes.length <= last.block.length) {
      last.block.set(bytes, start);
      last.bytes = last.block.subarray(0, start + bytes.length);
      return;
    }
    const offset = this.#sizeBytes;
    if (bytes.length >= SMALL_BYTES) this.#pieces.push({ offset, bytes });
    else {
      const block = new Uint8Array(BLOCK_BYTES);
      block.set(bytes);
      this.#pieces.push({ offset, bytes: block.subarray(0, bytes.length), block });
    }
  }

  /** Whether more has come since it was looked for. */
  #canRead(offset: number): boolean {
    return offset < this.#sizeBytes && (offset >= this.#firstOffset() || this.#fd !== undefined);
  }

  #leave(): void {
    this.#users--;
    if (this.#users > 0 || this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** `undefined`: there is nothing yet at this place. */
  async #fromFile(offset: number): Promise<Uint8Array | undefined> {
    if (offset >= this.#sizeBytes || this.#fd === undefined) return undefined;
    const chunk = Buffer.allocUnsafe(Math.min(FILE_CHUNK_BYTES, this.#firstOffset() - offset));
    const { bytesRead } = await readFd(this.#fd, chunk, 0, chunk.length, offset);
    if (bytesRead === 0) throw new Error("the file of a body ends early");
    return chunk.subarray(0, bytesRead);
  }

  #startWriting(): void {
    const { memoryBytes, maxBytes } = this.#options;
    if (this.#sizeBytes > maxBytes) this.#isGivenUp = true;
    if (this.#isGivenUp || (this.#temp === undefined && this.#sizeBytes <= memoryBytes)) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Writes all that there is and that comes meanwhile. */
  async #write(): Promise<void> {
    try {
      this.#temp ??= this.#options.createTemp();
      this.#fd ??= openSync(this.#temp.path, "r");
      for (;;) {
        const bytes = this.#isGivenUp ? undefined : this.#pieceAt(this.#temp.sizeBytes);
        if (bytes === undefined) return;
        await this.#temp.writeAside(bytes);
        this.#trim();
        this.#pass();
      }
    } catch {
      this.#isGivenUp = true;
      this.#pass();
    }
  }

  /** The first piece, if memory holds more than it should and this one is still needed there. */
  #surplus(): Piece | undefined {
    const [first] = this.#pieces;
    if (first === undefined || this.#pieces.length === 1) return undefined;
    return this.#piecesBytes > this.#options.memoryBytes && !this.#isDone(first) ? first : undefined;
  }

  /** Whether nobody who reads from memory has yet to come to it, and the file doesn't lack it. */
  #isDone(piece: Piece): boolean {
    const end = piece.offset + piece.bytes.length;
    return end <= this.#needed() && (this.#isGivenUp || this.#isReadableLater(piece));
  }

  /** Whether it is in a file that is there for all. */
  #isReadableLater({ offset, bytes }: Piece): boolean {
    return !this.#isGivenUp && offset + bytes.length <= (this.#temp?.sizeBytes ?? 0);
  }

  /** Up to where no reader needs the pieces in memory: of those who read from there the foremost, or where there is no file all. */
  #needed(): number {
    const offsets = [...this.#readers].map(({ offset }) => offset);
    if (this.#isGivenUp || this.#temp === undefined) return Math.min(this.#sizeBytes, ...offsets);
    return offsets.length === 0 ? this.#sizeBytes : Math.max(...offsets);
  }

  /** Waits until a reader has gone on; `false`: none has within `limitMs`. */
  async #isPassed(limitMs: number | undefined): Promise<boolean> {
    const passed = this.#passed.promise.then(() => true);
    if (limitMs === undefined) return await passed;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      this.#isHurried = true;
      resolve(false);
    }, limitMs);
    try {
      return await Promise.race([passed, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Drops from memory what nobody needs there. */
  #trim(): void {
    while (this.#pieces.length > 1 && this.#piecesBytes > this.#options.memoryBytes) {
      const first = this.#pieces[0] as Piece;
      if (!this.#isDone(first) && !(this.#isHurried && this.#isReadableLater(first))) return;
      this.#pieces.shift();
      this.#piecesBytes -= first.bytes.length;
      garbage.letGo(first.bytes.length);
    }
    this.#isHurried = false;
  }

  #firstOffset(): number {
    return this.#pieces[0]?.offset ?? this.#sizeBytes;
  }

  #pieceAt(offset: number): Uint8Array | undefined {
    if (offset >= this.#sizeBytes || offset < this.#firstOffset()) return undefined;
    const piece = this.#pieces.findLast((candidate) => candidate.offset <= offset);
    return piece?.bytes.subarray(offset - piece.offset);
  }

  #pass(): void {
    this.#passed.resolve();
    this.#passed = Promise.withResolvers();
  }

  #wake(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }
}
