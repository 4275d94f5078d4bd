const NUMBER_BYTES = 4;
/** After so many single searches, all numbers are read: the next ones take no system call. */
const SINGLE_SEARCHES = 8;
/** The numbers of hashes are spread evenly: among 32,768, one is hardly ever 100 rows from its expected row. */
const WINDOW_ROWS = 512;

/** A column of u32 in ascending order, the first four bytes of hashes. Reads few of them until it is used much. */
export class SortedNumbers {
  readonly #rows: number;
  readonly #read: (offset: number, length: number) => Buffer;
  #all: Uint32Array | undefined;
  #searches = 0;

  /** `read`: bytes of the column; may throw, and whatever is called then does. */
  constructor(rows: number, read: (offset: number, length: number) => Buffer) {
    this.#rows = rows;
    this.#read = read;
  }

  /** The rows that have this number: from the first one to the one after the last. */
  rangeOf(number: number): { from: number; to: number } {
    const isSingle =
      this.#all === undefined && this.#rows > WINDOW_ROWS && ++this.#searches <= SINGLE_SEARCHES;
    return (isSingle ? this.#rangeNear(number) : undefined) ?? rangeIn(this.all(), number);
  }

  at(row: number): number {
    return this.#all?.[row] ?? this.#numbers(row, 1)[0] ?? 0;
  }

  all(): Uint32Array {
    this.#all ??= this.#numbers(0, this.#rows);
    return this.#all;
  }

  /** `undefined`: it is not where it is expected. */
  #rangeNear(number: number): { from: number; to: number } | undefined {
    const expected = Math.floor((number / 2 ** 32) * this.#rows);
    const start = Math.max(0, Math.min(expected - WINDOW_ROWS / 2, this.#rows - WINDOW_ROWS));
    const numbers = this.#numbers(start, WINDOW_ROWS);
    const { from, to } = rangeIn(numbers, number);
    const isWhole = (from > 0 || start === 0) && (to < WINDOW_ROWS || start + to === this.#rows);
    return isWhole ? { from: start + from, to: start + to } : undefined;
  }

  /** A copy: the bytes may lie at an odd address. */
  #numbers(row: number, count: number): Uint32Array {
    return new Uint32Array(new Uint8Array(this.#read(NUMBER_BYTES * row, NUMBER_BYTES * count)).buffer);
  }
}

function rangeIn(numbers: Uint32Array, number: number): { from: number; to: number } {
  let from = 0;
  for (let high = numbers.length; from < high; ) {
    const middle = (from + high) >>> 1;
    if ((numbers[middle] as number) < number) from = middle + 1;
    else high = middle;
  }
  let to = from;
  while (numbers[to] === number) to++;
  return { from, to };
}
