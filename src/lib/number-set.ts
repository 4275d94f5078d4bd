/**
 * Whole numbers from 0 up to 2^53 in eight to sixteen bytes each, where a `Set` takes several times that: tens of
 * millions fit.
 */

const FIRST_CAPACITY = 1024;
const FREE = -1;

export class NumberSet {
  /** Secret odd numbers: no attacker can choose numbers that collide. */
  readonly #lowFactor = oddFactor();
  readonly #highFactor = oddFactor();
  #slots = new Float64Array(FIRST_CAPACITY).fill(FREE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns whether the number is new. */
  add(number: number): boolean {
    const slot = this.#slotOf(number);
    if (this.#slots[slot] === number) return false;
    this.#slots[slot] = number;
    this.#size++;
    if (this.#size * 4 > this.#slots.length * 3) this.#grow();
    return true;
  }

  /** Removes all numbers. There is room for about as many again, which takes less time than growing. */
  clear(): void {
    const capacity = Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(2 * this.#size)));
    if (capacity === this.#slots.length) this.#slots.fill(FREE);
    else this.#slots = new Float64Array(capacity).fill(FREE);
    this.#size = 0;
  }

  /** Where the number is, or the free place where it belongs. */
  #slotOf(number: number): number {
    const mask = this.#slots.length - 1;
    const high = Math.floor(number / 2 ** 32);
    const mixed = Math.imul(number | 0, this.#lowFactor) + Math.imul(high, this.#highFactor);
    // The upper bits depend on all others.
    let slot = (mixed >>> 0) >>> Math.clz32(mask);
    while (this.#slots[slot] !== FREE && this.#slots[slot] !== number) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const slots = this.#slots;
    this.#slots = new Float64Array(slots.length * 2).fill(FREE);
    // An iterator would take several times as long.
    for (let slot = 0; slot < slots.length; slot++) {
      const number = slots[slot] ?? FREE;
      if (number !== FREE) this.#slots[this.#slotOf(number)] = number;
    }
  }
}

function oddFactor(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) | 1;
}
