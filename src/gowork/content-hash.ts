import { idPart } from "./build-id.ts";

/** Bytes from `start` up to `end`. */
export interface Range {
  start: number;
  end: number;
}

/**
 * The content id of an executable, as cmd/internal/buildid's `FindAndHash` computes it: the SHA-256 of its bytes, with
 * zeros in place of its build id, wherever that is, and of the ranges that `hostIdRanges` names.
 */
export class ContentHash {
  readonly #buildId: Buffer;
  readonly #zeros: Buffer;
  readonly #ranges: readonly Range[];
  readonly #hash = new Bun.CryptoHasher("sha256");
  /** The end of what has come, in which the build id may begin. */
  #rest = Buffer.alloc(0);
  #sizeBytes = 0;

  constructor(buildId: string, ranges: readonly Range[]) {
    this.#buildId = Buffer.from(buildId, "latin1");
    this.#zeros = Buffer.alloc(this.#buildId.length);
    this.#ranges = ranges;
  }

  /** Leaves `chunk` as it is. */
  update(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, this.#withoutRanges(chunk)]);
    this.#sizeBytes += chunk.length;
    let start = 0;
    for (let at = bytes.indexOf(this.#buildId); at >= 0; at = bytes.indexOf(this.#buildId, start)) {
      this.#hash.update(bytes.subarray(start, at));
      this.#hash.update(this.#zeros);
      start = at + this.#buildId.length;
    }
    const end = Math.max(start, bytes.length - this.#buildId.length + 1);
    this.#hash.update(bytes.subarray(start, end));
    this.#rest = bytes.subarray(end);
  }

  /** The content id of all that has come. */
  digest(): string {
    this.#hash.update(this.#rest);
    return idPart(this.#hash.digest());
  }

  #withoutRanges(chunk: Buffer): Buffer {
    const first = this.#sizeBytes;
    const ranges = this.#ranges.filter(({ start, end }) => start < first + chunk.length && end > first);
    if (ranges.length === 0) return chunk;
    const copy = Buffer.from(chunk);
    for (const { start, end } of ranges)
      copy.fill(0, Math.max(0, start - first), Math.min(copy.length, end - first));
    return copy;
  }
}
