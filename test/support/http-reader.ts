/** Reads HTTP/1.1 messages from a socket piece by piece, and passes the bytes of the body through unchanged. */

/** Start line and headers of one message. */
export interface MessageHead {
  startLine: string;
  /** As received, names in their original case. */
  headers: [name: string, value: string][];
}

/** Reads one direction of a connection. */
export class HttpReader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next message's head, or `undefined` when the connection ended before one. */
  async head(): Promise<MessageHead | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end >= 0) return parseHead(this.#take(end + 4).toString("latin1"));
      if (!(await this.#fill())) return undefined;
    }
  }

  /** The bytes of the body that belongs to `head`; a chunked one with its framing. */
  body(head: MessageHead, options: { isEmpty?: boolean; untilClose?: boolean } = {}): AsyncIterable<Buffer> {
    if (options.isEmpty === true) return this.#exactly(0);
    if (/chunked/i.test(headerOf(head, "transfer-encoding") ?? "")) return this.#chunked();
    const length = headerOf(head, "content-length");
    if (length !== undefined) return this.#exactly(Number(length));
    return this.#exactly(options.untilClose === true ? Number.POSITIVE_INFINITY : 0);
  }

  async *#exactly(bytes: number): AsyncIterable<Buffer> {
    let left = bytes;
    while (left > 0) {
      if (this.#rest.length === 0 && !(await this.#fill())) return;
      const piece = this.#take(Math.min(left, this.#rest.length));
      left -= piece.length;
      yield piece;
    }
  }

  async *#chunked(): AsyncIterable<Buffer> {
    for (;;) {
      const line = await this.#line();
      yield line;
      const size = Number.parseInt(line.toString("latin1"), 16);
      if (size > 0) yield* this.#exactly(size + 2);
      else break;
    }
    for (let line = await this.#line(); ; line = await this.#line()) {
      yield line;
      if (line.length <= 2) return;
    }
  }

  async #line(): Promise<Buffer> {
    for (;;) {
      const end = this.#rest.indexOf("\r\n");
      if (end >= 0) return this.#take(end + 2);
      if (!(await this.#fill())) return this.#take(this.#rest.length);
    }
  }

  #take(bytes: number): Buffer {
    const piece = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return piece;
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }
}

/** The value of the header `name`, regardless of case. */
export function headerOf(head: MessageHead, name: string): string | undefined {
  return head.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** `head` with `name` replaced, or removed when `value` is `undefined`. */
export function withHeader(head: MessageHead, name: string, value: string | undefined): MessageHead {
  const others = head.headers.filter(([key]) => key.toLowerCase() !== name.toLowerCase());
  return { ...head, headers: value === undefined ? others : [...others, [name, value]] };
}

/** The bytes of a head, ready to be sent. */
export function formatHead(head: MessageHead): Buffer {
  const lines = head.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${head.startLine}\r\n${lines.join("")}\r\n`, "latin1");
}

function parseHead(text: string): MessageHead {
  const [startLine = "", ...lines] = text.trimEnd().split("\r\n");
  return {
    startLine,
    headers: lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  };
}
