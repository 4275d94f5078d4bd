/** Ids in the order they came, 32 bytes each, where an array of texts would take three times that. */

const ID_BYTES = 32;
/** Ids of a block: a short list takes little. */
const BLOCK_IDS = 1_024;

export class IdList implements Iterable<string> {
  readonly #blocks: Buffer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Memory in use. */
  get byteLength(): number {
    return this.#blocks.length * BLOCK_IDS * ID_BYTES;
  }

  /** `id`: a SHA-256 in lower-case hex. */
  push(id: string): void {
    const at = this.#size % BLOCK_IDS;
    if (at === 0) this.#blocks.push(Buffer.allocUnsafeSlow(BLOCK_IDS * ID_BYTES));
    this.#blocks.at(-1)?.write(id, at * ID_BYTES, ID_BYTES, "hex");
    this.#size++;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#size = 0;
  }

  *[Symbol.iterator](): Generator<string, void> {
    for (const ids of this.slices(BLOCK_IDS)) yield* ids;
  }

  /** The ids, that many at a time. */
  *slices(length: number): Generator<string[], void> {
    for (let from = 0; from < this.#size; from += length) {
      const count = Math.min(length, this.#size - from);
      yield Array.from({ length: count }, (_, n) => this.#at(from + n));
    }
  }

  #at(index: number): string {
    const start = (index % BLOCK_IDS) * ID_BYTES;
    return this.#blocks[Math.floor(index / BLOCK_IDS)]?.toString("hex", start, start + ID_BYTES) ?? "";
  }
}
