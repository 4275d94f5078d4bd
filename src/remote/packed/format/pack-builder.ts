import type { Pack, Place } from "./entry.ts";

/** A pack ready for upload, with the location of each output in it. */
export interface SealedPack {
  pack: Pack;
  bytes: Uint8Array<ArrayBuffer>;
  places: Map<string, Place>;
}

/** Collects frames into a pack. */
export class PackBuilder {
  readonly #prefix: string;
  #frames: { outputId: string; frame: Uint8Array }[] = [];
  #sizeBytes = 0;

  /** `prefix`: the bucket prefix of the packs. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The number of frames. */
  get outputs(): number {
    return this.#frames.length;
  }

  add(outputId: string, frame: Uint8Array): void {
    this.#frames.push({ outputId, frame });
    this.#sizeBytes += frame.length;
  }

  /** Makes a pack of the frames added so far and starts the next one. */
  seal(): SealedPack {
    const bytes = Buffer.concat(this.#frames.map(({ frame }) => frame));
    const id = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    const pack: Pack = { id, sizeBytes: bytes.length, prefix: this.#prefix };
    const places = new Map<string, Place>();
    let offset = 0;
    for (const { outputId, frame } of this.#frames) {
      places.set(outputId, { pack, offset, length: frame.length });
      offset += frame.length;
    }
    this.#frames = [];
    this.#sizeBytes = 0;
    return { pack, bytes, places };
  }
}
