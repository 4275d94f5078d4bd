/**
 * Splits the byte stream from go into requests and bodies:
 *
 *     <JSON object> <white space> ["<base64 of the body>"] <white space> <JSON object> …
 *
 * A body is one JSON string of any length, so it is decoded as it arrives and never buffered whole. Incomplete input is
 * kept between chunks.
 */
import { excerpt } from "../lib/text/excerpt.ts";
import { Base64Decoder } from "./base64-decoder.ts";
import { parseRequest, type Request } from "./messages.ts";
import { ProtocolError } from "./protocol-error.ts";

/** Receives requests and bodies in order. */
export interface RequestHandler {
  /** A complete request. Its body, if any, follows. */
  onRequest(request: Request): void;
  /** A piece of the body. The bytes are valid only during the call. */
  onBody(bytes: Uint8Array): void;
  /** The body has ended. `error`: why it is invalid (bad base64). */
  onBodyEnd(error: string | undefined): void;
}

type State = "between" | "object" | "before-body" | "body";

/** Far above any request, which has only ids, a command and a size. */
const MAX_OBJECT_BYTES = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

export class RequestReader {
  readonly #handler: RequestHandler;
  readonly #decoder: Base64Decoder;
  #state: State = "between";
  #object = "";
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(handler: RequestHandler) {
    this.#handler = handler;
    this.#decoder = new Base64Decoder((bytes) => this.#handler.onBody(bytes));
  }

  /** Reads the next bytes of the stream. Throws a `ProtocolError` at the first invalid byte. */
  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#state === "object") at = this.#readObject(chunk, at);
      else if (this.#state === "body") at = this.#readBody(chunk, at);
      else at = this.#readStart(chunk, at);
    }
  }

  /** Ends the stream. Throws if it ends within a request. */
  end(): void {
    if (this.#state === "between") return;
    const where = this.#state === "object" ? `request ${excerpt(this.#object)}` : "body";
    throw new ProtocolError(`input ended in the middle of a ${where}`);
  }

  /** Skips white space up to the first byte of an object or a body. */
  #readStart(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && isSpace(chunk[at])) at++;
    if (at === chunk.length) return at;
    const expected = this.#state === "between" ? OPEN : QUOTE;
    if (chunk[at] !== expected) {
      const what = this.#state === "between" ? "a request" : "a body";
      throw new ProtocolError(`expected ${what}, got ${excerpt(chunk.toString("latin1", at, at + 80))}`);
    }
    this.#state = this.#state === "between" ? "object" : "body";
    return this.#state === "body" ? at + 1 : at;
  }

  #readObject(chunk: Buffer, from: number): number {
    const end = this.#findObjectEnd(chunk, from);
    this.#object += chunk.toString("latin1", from, end);
    if (this.#object.length > MAX_OBJECT_BYTES) {
      throw new ProtocolError(`request above ${MAX_OBJECT_BYTES} bytes: ${excerpt(this.#object)}`);
    }
    if (this.#depth === 0) this.#endObject();
    return end;
  }

  /** The index after the brace that closes the object, or the end of the chunk. */
  #findObjectEnd(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#escaped) this.#escaped = false;
      else if (byte === QUOTE) this.#inString = !this.#inString;
      else if (this.#inString) this.#escaped = byte === BACKSLASH;
      else if (byte === OPEN) this.#depth++;
      else if (byte === CLOSE && --this.#depth === 0) return at + 1;
    }
    return chunk.length;
  }

  #endObject(): void {
    const request = parseRequest(this.#object);
    this.#object = "";
    this.#state = request.bodyBytes > 0 ? "before-body" : "between";
    this.#handler.onRequest(request);
  }

  #readBody(chunk: Buffer, from: number): number {
    const quote = chunk.indexOf(QUOTE, from);
    const end = quote === -1 ? chunk.length : quote;
    this.#decoder.feed(chunk, from, end);
    if (quote === -1) return end;
    this.#state = "between";
    this.#handler.onBodyEnd(this.#decoder.end());
    return end + 1;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x20 || byte === 0x0d || byte === 0x09;
}
