import { Garbage } from "../../lib/garbage.ts";

/** Smaller pieces are put together into blocks: an origin may send each byte by itself. */
const SMALL_BYTES = 8 << 10;
const BLOCK_BYTES = 32 << 10;

/** For all bodies together: to collect more often costs a quarter of the speed. */
const garbage = new Garbage(64 << 20);

interface Piece {
  offset: number;
  bytes: Uint8Array;
  /** The block that `bytes` is the start of, with room for more after it. */
  block?: Uint8Array;
}

/** The last bytes of a body, without a gap, in the pieces that they came in. */
export class MemoryWindow {
  readonly #pieces: Piece[] = [];
  #bufferedBytes = 0;
  #end = 0;

  /** The offset of the first buffered byte. */
  get start(): number {
    return this.#pieces[0]?.offset ?? this.#end;
  }

  /** The size of the body so far. */
  get end(): number {
    return this.#end;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Where the oldest piece ends; `undefined` when it is the only one. */
  get oldestEnd(): number | undefined {
    return this.#pieces[1]?.offset;
  }

  /** `bytes` must not change any more. */
  append(bytes: Uint8Array): void {
    this.#put(bytes);
    this.#end += bytes.length;
    this.#bufferedBytes += bytes.length;
  }

  /** The bytes from `offset` to the end of their piece; `undefined` when they are not buffered. */
  at(offset: number): Uint8Array | undefined {
    if (offset >= this.#end || offset < this.start) return undefined;
    const piece = this.#pieces.findLast((candidate) => candidate.offset <= offset);
    return piece?.bytes.subarray(offset - piece.offset);
  }

  dropOldest(): void {
    const dropped = this.#pieces.shift()?.bytes.length ?? 0;
    this.#bufferedBytes -= dropped;
    garbage.release(dropped);
  }

  concat(): Buffer {
    return Buffer.concat(this.#pieces.map(({ bytes }) => bytes));
  }

  #put(bytes: Uint8Array): void {
    const last = this.#pieces.at(-1);
    const start = last?.bytes.length ?? 0;
    if (last?.block !== undefined && start + bytes.length <= last.block.length) {
      last.block.set(bytes, start);
      last.bytes = last.block.subarray(0, start + bytes.length);
    } else if (bytes.length >= SMALL_BYTES) {
      this.#pieces.push({ offset: this.#end, bytes });
    } else {
      const block = new Uint8Array(BLOCK_BYTES);
      block.set(bytes);
      this.#pieces.push({ offset: this.#end, bytes: block.subarray(0, bytes.length), block });
    }
  }
}
