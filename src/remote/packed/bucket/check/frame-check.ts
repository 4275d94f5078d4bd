import { describeError } from "../../../../lib/text/describe-error.ts";
import type { Claim } from "./pack-claims.ts";

/** The faults that a check of a pack's frames found. */
export interface FrameFaults {
  /** The reason why the claim at an offset is wrong. */
  wrong: Map<number, string>;
  /** The reason why the claim at an offset was not checked: an earlier claim covers its bytes. */
  unchecked: Map<number, string>;
}

/**
 * Checks a pack as it streams in: expands each claimed frame and compares size and SHA-256 with the claim. Buffers
 * neither frames nor outputs, and stops expanding a frame at its claimed size.
 */
export class FrameCheck {
  /** In the order of their offsets. */
  readonly #claims: Claim[];
  #next = 0;
  #position = 0;
  #open: OpenFrame | undefined;
  /** The last claim that was checked. */
  #last: Claim | undefined;
  readonly #faults: FrameFaults = { wrong: new Map(), unchecked: new Map() };

  constructor(claims: Iterable<Claim>) {
    this.#claims = [...claims].sort((a, b) => a.offset - b.offset);
  }

  async write(chunk: Uint8Array): Promise<void> {
    const end = this.#position + chunk.length;
    for (let claim = this.#claims[this.#next]; claim !== undefined && claim.offset < end; ) {
      if (this.#open === undefined && this.#isCovered(claim)) {
        this.#next++;
      } else {
        const start = Math.max(claim.offset, this.#position);
        this.#open ??= this.#openFrame(claim);
        const part = chunk.subarray(start - this.#position, claim.offset + claim.length - this.#position);
        await this.#open.write(part as Uint8Array<ArrayBuffer>);
        if (claim.offset + claim.length > end) break;
        await this.#closeFrame(claim);
      }
      claim = this.#claims[this.#next];
    }
    this.#position = end;
  }

  /** Returns the faults. Call it after the last byte. */
  async finish(): Promise<FrameFaults> {
    const cutOff = this.#open === undefined ? undefined : this.#claims[this.#next];
    if (cutOff !== undefined) await this.#closeFrame(cutOff);
    if (cutOff !== undefined)
      this.#faults.wrong.set(cutOff.offset, `output ${cutOff.outputId} ends beyond the pack's end`);
    for (const { outputId, offset } of this.#claims.slice(this.#next))
      this.#faults.wrong.set(offset, `output ${outputId} at ${offset} is beyond the pack's end`);
    return this.#faults;
  }

  /** Claims may overlap in any number; only the first of them is checked, which bounds the work. */
  #isCovered({ outputId, offset }: Claim): boolean {
    const last = this.#last;
    if (last === undefined || last.offset + last.length <= offset) return false;
    this.#faults.unchecked.set(offset, `outputs ${last.outputId} and ${outputId} can't both be at ${offset}`);
    return true;
  }

  #openFrame(claim: Claim): OpenFrame {
    this.#last = claim;
    return new OpenFrame(claim);
  }

  async #closeFrame({ outputId, offset }: Claim): Promise<void> {
    const fault = await this.#open?.finish();
    if (fault !== undefined) this.#faults.wrong.set(offset, `output ${outputId} at ${offset}: ${fault}`);
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
    // Reading reports the same error.
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
