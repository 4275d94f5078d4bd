/** Characters decoded at once: small enough to stay in the processor's cache. */
const STEP_CHARS = 64 * 1024;

/**
 * Decodes standard base64 piece by piece. The first character that can't be right makes everything after it
 * ignored and is reported by `end`, so that the stream around the string can go on.
 */
export class Base64Decoder {
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #buffer = new Uint8Array((STEP_CHARS / 4) * 3);
  #rest = "";
  #error: string | undefined;
  #padded = false;

  /** `onBytes` is given decoded bytes that are only valid during the call. */
  constructor(onBytes: (bytes: Uint8Array) => void) {
    this.#onBytes = onBytes;
  }

  /** Takes the characters `chunk[from]` to `chunk[end - 1]`. */
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

  /** Ends the string and returns what was wrong with it, if anything. Ready for the next one. */
  end(): string | undefined {
    const error = this.#error ?? (this.#rest === "" ? undefined : "base64 body ends within a group of four");
    this.#rest = "";
    this.#error = undefined;
    this.#padded = false;
    return error;
  }

  #decode(text: string): void {
    if (this.#padded) {
      this.#error = "base64 body goes on after its padding";
      return;
    }
    try {
      const { written } = this.#buffer.setFromBase64(text, { lastChunkHandling: "strict" });
      this.#padded = text.endsWith("=");
      const expected = (text.length / 4) * 3 - (this.#padded ? (text.endsWith("==") ? 2 : 1) : 0);
      // The decoder skips white space, which a JSON string of base64 never has.
      if (written !== expected) this.#error = "base64 body has white space in it";
      else this.#onBytes(this.#buffer.subarray(0, written));
    } catch {
      this.#error = "body is not base64";
    }
  }
}
