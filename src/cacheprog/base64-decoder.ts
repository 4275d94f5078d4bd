/** Characters decoded per step: few enough for the processor's cache. */
const STEP_CHARS = 64 * 1024;

/**
 * Decodes standard base64 incrementally. After the first invalid character it ignores the rest; `end` reports the
 * error, so that the stream around the string can continue.
 */
export class Base64Decoder {
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #buffer = new Uint8Array((STEP_CHARS / 4) * 3);
  #rest = "";
  #error: string | undefined;
  #padded = false;

  /** `onBytes` receives decoded bytes that are valid only during the call. */
  constructor(onBytes: (bytes: Uint8Array) => void) {
    this.#onBytes = onBytes;
  }

  /** Decodes the characters `chunk[from]` to `chunk[end - 1]`. */
  feed(chunk: Buffer, from: number, end: number): void {
    for (let at = from; at < end && this.#error === undefined; ) {
      const stop = Math.min(end, at + STEP_CHARS - this.#rest.length);
      const text = this.#rest + chunk.toString("latin1", at, stop);
      const whole = text.length - (text.length % 4);
      this.#rest = text.slice(whole);
      if (whole > 0) this.#decode(text.slice(0, whole));
      at = stop;
    }
  }

  /** Ends the string and returns its error, if any. The decoder is then ready for the next string. */
  end(): string | undefined {
    const error = this.#error ?? (this.#rest === "" ? undefined : "base64 body ends within a group of four");
    this.#rest = "";
    this.#error = undefined;
    this.#padded = false;
    return error;
  }

  #decode(text: string): void {
    if (this.#padded) {
      this.#error = "base64 body continues after its padding";
      return;
    }
    try {
      const { written } = this.#buffer.setFromBase64(text, { lastChunkHandling: "strict" });
      this.#padded = text.endsWith("=");
      const expected = (text.length / 4) * 3 - (this.#padded ? (text.endsWith("==") ? 2 : 1) : 0);
      // `setFromBase64` skips white space, which go's JSON strings of base64 never contain.
      if (written !== expected) this.#error = "base64 body contains white space";
      else this.#onBytes(this.#buffer.subarray(0, written));
    } catch {
      this.#error = "body is not base64";
    }
  }
}
