/** Cuts a stream of bytes into lines of UTF-8, without their ends. A longer line than `maxBytes` is an error. */
export class LineReader {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that `chunk` completes. The chunk may be reused afterwards. */
  feed(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10, from); end !== -1; end = chunk.indexOf(10, from)) {
      lines.push(this.#take(chunk.subarray(from, end)));
      from = end + 1;
    }
    // A Buffer's own slice would share its memory.
    this.#keep(new Uint8Array(chunk.subarray(from)));
    return lines;
  }

  #take(last: Uint8Array): string {
    const text = Buffer.concat([...this.#parts, last]).toString("utf8");
    this.#parts = [];
    this.#bytes = 0;
    return text;
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#bytes += rest.length;
    if (this.#bytes > this.#maxBytes) throw new Error(`a line of more than ${this.#maxBytes} bytes`);
    this.#parts.push(rest);
  }
}
