/** A set of rows of a segment: one bit a row, the lowest bit of a byte first. */
export class RowSet {
  /** The number of rows of the segment. */
  readonly rows: number;
  readonly #bits: Uint8Array;

  private constructor(rows: number, bits: Uint8Array) {
    this.rows = rows;
    this.#bits = bits;
  }

  static none(rows: number): RowSet {
    return new RowSet(rows, new Uint8Array(Math.ceil(rows / 8)));
  }

  static all(rows: number): RowSet {
    const set = RowSet.none(rows);
    for (let row = 0; row < rows; row++) set.add(row);
    return set;
  }

  /** Parses base64; `undefined`: not a set of that many rows. */
  static parse(text: string, rows: number): RowSet | undefined {
    const bits = Buffer.from(text, "base64");
    const spare = bits.length * 8 - rows;
    const isWhole = spare >= 0 && spare < 8 && ((bits.at(-1) ?? 0) >> (8 - spare)) % 256 === 0;
    return isWhole ? new RowSet(rows, bits) : undefined;
  }

  has(row: number): boolean {
    return ((this.#bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }

  /** Returns whether the row is new in the set. */
  add(row: number): boolean {
    if (this.has(row) || row >= this.rows) return false;
    this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) | (1 << (row & 7));
    return true;
  }

  delete(row: number): void {
    if (this.has(row)) this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) & ~(1 << (row & 7));
  }

  /** The rows, ascending. */
  list(): number[] {
    return Array.from({ length: this.rows }, (_, row) => row).filter((row) => this.has(row));
  }

  /** Adds all rows of a set of the same segment. Returns whether any is new. */
  addAll(other: RowSet): boolean {
    let isChanged = false;
    for (let at = 0; at < this.#bits.length; at++) {
      const before = this.#bits[at] ?? 0;
      const after = before | (other.#bits[at] ?? 0);
      this.#bits[at] = after;
      isChanged ||= after !== before;
    }
    return isChanged;
  }

  get count(): number {
    let count = 0;
    for (const byte of this.#bits) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
    return count;
  }

  get isAll(): boolean {
    return this.count === this.rows;
  }

  copy(): RowSet {
    return new RowSet(this.rows, new Uint8Array(this.#bits));
  }

  /** base64. */
  format(): string {
    return Buffer.from(this.#bits).toString("base64");
  }
}
