import { describeError } from "../../lib/describe-error.ts";
import type { Claim } from "./pack-claims.ts";

/**
 * Looks at a pack's bytes as they come and compares each claimed frame with what it expands to. Holds neither frames
 * nor outputs, and expands nothing further than it is said to be.
 */
export class FrameCheck {
  /** In the order of the pack. */
  readonly #claims: Claim[];
  #next = 0;
  #position = 0;
  #open: OpenFrame | undefined;
  #problem: string | undefined;

  constructor(claims: Iterable<Claim>) {
    this.#claims = [...claims].sort((a, b) => a.offset - b.offset);
  }

  async write(chunk: Uint8Array): Promise<void> {
    const end = this.#position + chunk.length;
    for (let claim = this.#claims[this.#next]; claim !== undefined && claim.offset < end; ) {
      // What is wrong is known, and any number of claims may lie in the same bytes.
      if (this.#problem !== undefined) break;
      const start = Math.max(claim.offset, this.#position);
      this.#open ??= this.#openFrame(claim);
      const part = chunk.subarray(start - this.#position, claim.offset + claim.length - this.#position);
      await this.#open.write(part as Uint8Array<ArrayBuffer>);
      if (claim.offset + claim.length > end) break;
      await this.#closeFrame();
      claim = this.#claims[this.#next];
    }
    this.#position = end;
  }

  /** What is wrong with the first frame that is; `undefined`: all is well. */
  async finish(): Promise<string | undefined> {
    const missing = this.#claims[this.#next];
    if (this.#open !== undefined) await this.#closeFrame();
    if (missing === undefined) return this.#problem;
    return this.#problem ?? `it ends before output ${missing.outputId} at ${missing.offset} does`;
  }

  #openFrame(claim: Claim): OpenFrame {
    const before = this.#claims[this.#next - 1];
    if (before !== undefined && before.offset + before.length > claim.offset) {
      this.#problem ??= `outputs ${before.outputId} and ${claim.outputId} can't both be at ${claim.offset}`;
    }
    return new OpenFrame(claim);
  }

  async #closeFrame(): Promise<void> {
    const claim = this.#claims[this.#next];
    const fault = await this.#open?.finish();
    if (fault !== undefined) this.#problem ??= `output ${claim?.outputId} at ${claim?.offset}: ${fault}`;
    this.#open = undefined;
    this.#next++;
  }
}

/** One frame being expanded and hashed. */
class OpenFrame {
  readonly #claim: Claim;
  readonly #writer: WritableStreamDefaultWriter;
  readonly #reading: Promise<string | undefined>;

  constructor(claim: Claim) {
    this.#claim = claim;
    const stream = new DecompressionStream("zstd");
    this.#writer = stream.writable.getWriter();
    this.#reading = this.#read(stream.readable);
  }

  async write(part: Uint8Array<ArrayBuffer>): Promise<void> {
    // What fails here fails in reading, too.
    await this.#writer.write(part).catch(() => undefined);
  }

  async finish(): Promise<string | undefined> {
    await this.#writer.close().catch(() => undefined);
    return await this.#reading;
  }

  async #read(content: ReadableStream<Uint8Array>): Promise<string | undefined> {
    const { outputId, sizeBytes } = this.#claim;
    const hash = new Bun.CryptoHasher("sha256");
    let length = 0;
    try {
      for await (const chunk of content) {
        length += chunk.length;
        if (length > sizeBytes) return `expands to more than ${sizeBytes} bytes`;
        hash.update(chunk);
      }
    } catch (error) {
      return `not a zstd frame: ${describeError(error)}`;
    }
    const sha256 = hash.digest("hex");
    if (sha256 !== outputId) return `expands to bytes with the SHA-256 ${sha256}`;
    return length === sizeBytes ? undefined : `expands to ${length} bytes instead of ${sizeBytes}`;
  }
}
