/**
 * Whole numbers by SHA-256 in a few bytes each, where a Map of texts would take hundreds: millions of ids fit. The
 * first 128 bits stand for an id, which is as good as all of them.
 */

const FIRST_CAPACITY = 1024;
const WORDS = 4;

export class IdTable {
  /** Secret odd numbers: no attacker can choose ids that collide. */
  readonly #factors = [...crypto.getRandomValues(new Uint32Array(WORDS))].map((each) => each | 1) as Words;
  #words = new Uint32Array(FIRST_CAPACITY * WORDS);
  /** 0: free. */
  #values = new Uint32Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** 0 when there is none. `id`: hex digits, 32 or more; `salt`: distinguishes things with one id. */
  get(id: string, salt = 0): number {
    return this.#values[this.#slotOf(toWords(id, salt))] ?? 0;
  }

  has(id: string, salt = 0): boolean {
    return this.get(id, salt) !== 0;
  }

  /** `value` is from 1 up, in 32 bits. Returns the previous value, 0 for none. */
  set(id: string, value = 1, salt = 0): number {
    if ((this.#size + 1) * 2 > this.#values.length) this.#grow();
    return this.#put(toWords(id, salt), value);
  }

  #put(words: Words, value: number): number {
    const slot = this.#slotOf(words);
    const before = this.#values[slot] ?? 0;
    if (before === 0) {
      this.#words.set(words, slot * WORDS);
      this.#size++;
    }
    this.#values[slot] = value;
    return before;
  }

  /** Where these words are, or the free place where they belong. */
  #slotOf(words: Words): number {
    const mask = this.#values.length - 1;
    // The upper bits of the sum depend on all words.
    let slot = this.#mixed(words) >>> Math.clz32(mask);
    while (this.#values[slot] !== 0 && !this.#isAt(slot * WORDS, words)) slot = (slot + 1) & mask;
    return slot;
  }

  #mixed(words: Words): number {
    const factors = this.#factors;
    const first = Math.imul(words[0], factors[0]) + Math.imul(words[1], factors[1]);
    return (first + Math.imul(words[2], factors[2]) + Math.imul(words[3], factors[3])) >>> 0;
  }

  #isAt(start: number, words: Words): boolean {
    return words.every((word, i) => this.#words[start + i] === word);
  }

  #grow(): void {
    const words = this.#words;
    const values = this.#values;
    this.#words = new Uint32Array(words.length * 2);
    this.#values = new Uint32Array(values.length * 2);
    this.#size = 0;
    values.forEach((value, slot) => {
      const at = slot * WORDS;
      if (value !== 0) this.#put([...words.subarray(at, at + WORDS)] as Words, value);
    });
  }
}

type Words = [number, number, number, number];

function toWords(id: string, salt: number): Words {
  const word = (n: number) => Number.parseInt(id.slice(8 * n, 8 * n + 8), 16);
  return [word(0), word(1), (word(2) ^ (salt / 2 ** 32)) >>> 0, (word(3) ^ salt) >>> 0];
}
