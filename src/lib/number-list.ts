const FIRST_CAPACITY = 1024;

/** A list of 32-bit numbers from 0 up, in four bytes each, and growing. */
export class NumberList {
  #numbers = new Uint32Array(FIRST_CAPACITY);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** 0 beyond the end. */
  get(at: number): number {
    return this.#numbers[at] ?? 0;
  }

  set(at: number, number: number): void {
    this.#numbers[at] = number;
  }

  push(number: number): void {
    this.#reserve(1);
    this.#numbers[this.#length++] = number;
  }

  pushAll(numbers: ArrayLike<number>): void {
    this.#reserve(numbers.length);
    this.#numbers.set(numbers, this.#length);
    this.#length += numbers.length;
  }

  /** Not a copy: empty as soon as the list grows. */
  part(start: number, end = this.#length): Uint32Array {
    return this.#numbers.subarray(start, end);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#numbers.length) return;
    const grown = new Uint32Array(Math.max(needed, 2 * this.#numbers.length));
    grown.set(this.part(0));
    // Otherwise the memory stays until the collector looks.
    this.#numbers.buffer.transfer(0);
    this.#numbers = grown;
  }
}
