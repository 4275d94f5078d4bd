import type { Pack, Place } from "./entry.ts";

/** A pack as it is uploaded, and where in it each output lies. */
export interface SealedPack {
  pack: Pack;
  bytes: Uint8Array<ArrayBuffer>;
  places: Map<string, Place>;
}

/** Collects frames until they are a pack. */
export class PackBuilder {
  readonly #prefix: string;
  #frames: { outputId: string; frame: Uint8Array }[] = [];
  #sizeBytes = 0;

  /** `prefix`: below which the packs will lie. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(outputId: string, frame: Uint8Array): void {
    this.#frames.push({ outputId, frame });
    this.#sizeBytes += frame.length;
  }

  /** Makes a pack of what was added, and starts the next. */
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
