/**
 * Whole numbers by SHA-256 in a few bytes each, where a Map of texts would take hundreds: millions of ids fit. The
 * first 128 bits stand for an id, which is as good as all of them.
 */

const FIRST_CAPACITY = 1024;
const WORDS = 4;

export class IdTable {
  /** Secret odd numbers: no attacker can choose ids that collide. */
  readonly #factors = [...crypto.getRandomValues(new Uint32Array(WORDS))].map((each) => each | 1) as IdWords;
  #words = new Uint32Array(FIRST_CAPACITY * WORDS);
  /** 0: free. */
  #values = new Uint32Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** 0 when there is none. `id`: hex digits, 32 or more, or their words; `salt`: distinguishes things with one id. */
  get(id: string | IdWords, salt = 0): number {
    const [a, b, c, d] = toWords(id, salt);
    return this.#values[this.#slotOf(a, b, c, d)] ?? 0;
  }

  has(id: string | IdWords, salt = 0): boolean {
    return this.get(id, salt) !== 0;
  }

  /** `value` is from 1 up, in 32 bits. Returns the previous value, 0 for none. */
  set(id: string | IdWords, value = 1, salt = 0): number {
    const [a, b, c, d] = toWords(id, salt);
    return this.#put(a, b, c, d, value);
  }

  /** Returns the value of the id whose words begin at `at`; sets it to `value` if there is none, and returns 0. */
  add(words: ArrayLike<number>, at: number, value: number): number {
    const [a = 0, b = 0, c = 0, d = 0] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
    const known = this.#values[this.#slotOf(a, b, c, d)] ?? 0;
    return known === 0 ? this.#put(a, b, c, d, value) : known;
  }

  #put(a: number, b: number, c: number, d: number, value: number): number {
    if ((this.#size + 1) * 2 > this.#values.length) this.#grow();
    const slot = this.#slotOf(a, b, c, d);
    const before = this.#values[slot] ?? 0;
    this.#values[slot] = value;
    if (before !== 0) return before;
    const words = this.#words;
    words[slot * WORDS] = a;
    words[slot * WORDS + 1] = b;
    words[slot * WORDS + 2] = c;
    words[slot * WORDS + 3] = d;
    this.#size++;
    return 0;
  }

  /** Where these words are, or the free place where they belong. */
  #slotOf(a: number, b: number, c: number, d: number): number {
    const words = this.#words;
    const values = this.#values;
    const mask = values.length - 1;
    // The upper bits of the sum depend on all words.
    let slot = this.#mixed(a, b, c, d) >>> Math.clz32(mask);
    while (values[slot] !== 0) {
      const at = slot * WORDS;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #mixed(a: number, b: number, c: number, d: number): number {
    const factors = this.#factors;
    const first = Math.imul(a, factors[0]) + Math.imul(b, factors[1]);
    return (first + Math.imul(c, factors[2]) + Math.imul(d, factors[3])) >>> 0;
  }

  #grow(): void {
    const words = this.#words;
    const values = this.#values;
    this.#words = new Uint32Array(words.length * 2);
    this.#values = new Uint32Array(values.length * 2);
    this.#size = 0;
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot] ?? 0;
      if (value !== 0) this.add(words, slot * WORDS, value);
    }
    // Otherwise the memory stays until the collector looks.
    words.buffer.transfer(0);
    values.buffer.transfer(0);
  }
}

/** The first 128 bits of an id, 32 bits each. */
export type IdWords = [number, number, number, number];

/** `id`: hex digits, 32 or more. */
export function idWords(id: string): IdWords {
  const word = (n: number) => Number.parseInt(id.slice(8 * n, 8 * n + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

function toWords(id: string | IdWords, salt: number): IdWords {
  const words = typeof id === "string" ? idWords(id) : id;
  if (salt === 0) return words;
  return [words[0], words[1], (words[2] ^ (salt / 2 ** 32)) >>> 0, (words[3] ^ salt) >>> 0];
}
