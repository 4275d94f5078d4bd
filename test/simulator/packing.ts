/** Puts outputs into packs that claim their size. Each pack is a few bytes: the ids of its outputs. */
import type { Pack, Place } from "../../src/remote/packed/format/entry.ts";
import type { LocalOutput } from "../../src/remote/packed/format/output-frame.ts";
import type { Uploads } from "../../src/remote/packed/write/uploads.ts";
import { sha256Hex } from "../support/ids.ts";
import { type Bucket, type Frame, PREFIX, ROOT } from "./bucket.ts";

const PACK_BYTES = 8 << 20;
const SMALL_BYTES = 32 << 10;
/** Outputs are three times as large as what they are compressed to. */
const RATIO = 3;

interface Waiting extends Frame {
  resolve: (place: Place | undefined) => void;
}

export class SimulatedPacker {
  readonly waiting = 0;
  readonly #bucket: Bucket;
  readonly #uploads: Uploads;
  readonly #onStored: (packId: string) => void;
  readonly #stored = new Map<string, Place>();
  readonly #places = new Map<string, Promise<Place | undefined>>();
  readonly #builders: [Waiting[], Waiting[]] = [[], []];
  readonly #sealing = new Set<Promise<void>>();

  /** `onStored`: called with the id of each uploaded pack. */
  constructor(bucket: Bucket, uploads: Uploads, onStored: (packId: string) => void) {
    this.#bucket = bucket;
    this.#uploads = uploads;
    this.#onStored = onStored;
  }

  async hasRoom(): Promise<void> {}

  add({ outputId, sizeBytes }: LocalOutput): Promise<Place | undefined> {
    const stored = this.#stored.get(outputId);
    if (stored !== undefined) return Promise.resolve(stored);
    const known = this.#places.get(outputId);
    if (known !== undefined) return known;
    const { promise, resolve } = Promise.withResolvers<Place | undefined>();
    this.#places.set(outputId, promise);
    const at = sizeBytes < SMALL_BYTES ? 0 : 1;
    this.#builders[at].push({ outputId, length: sizeBytes / RATIO, resolve });
    if (bytesOf(this.#builders[at]) >= PACK_BYTES) this.#seal(at);
    return promise;
  }

  async flush(): Promise<void> {
    this.#seal(0);
    this.#seal(1);
    await Promise.all(this.#sealing);
  }

  forget(packId: string): void {
    for (const [outputId, { pack }] of this.#stored) if (pack.id === packId) this.#stored.delete(outputId);
  }

  async repack(outputs: LocalOutput[]): Promise<Map<string, Place>> {
    const distinct = [...new Map(outputs.map((output) => [output.outputId, output])).values()];
    const frames = distinct.map(({ outputId, sizeBytes }) => ({ outputId, length: sizeBytes / RATIO }));
    const places = await this.#put(frames);
    return places ?? new Map();
  }

  #seal(at: 0 | 1): void {
    const frames = this.#builders[at];
    if (frames.length === 0) return;
    this.#builders[at] = [];
    const sealing = this.#put(frames).then((places) => {
      for (const { outputId, resolve } of frames) {
        const place = places?.get(outputId);
        this.#places.delete(outputId);
        if (place !== undefined) this.#stored.set(outputId, place);
        resolve(place);
      }
      this.#sealing.delete(sealing);
    });
    this.#sealing.add(sealing);
  }

  async #put(frames: readonly Frame[]): Promise<Map<string, Place> | undefined> {
    const content = Buffer.from(frames.map(({ outputId }) => outputId).join("\n"));
    const pack: Pack = { id: sha256Hex(content), sizeBytes: bytesOf(frames), prefix: PREFIX };
    this.#bucket.frames.set(pack.id, frames);
    const key = `${ROOT}pack/${pack.id.slice(0, 2)}/${pack.id}`;
    if (!(await this.#uploads.put(key, Buffer.from(pack.id.slice(0, 8)), pack.id))) return undefined;
    this.#onStored(pack.id);
    this.#bucket.packBytes += pack.sizeBytes;
    let offset = 0;
    return new Map(
      frames.map(({ outputId, length }) => {
        offset += length;
        return [outputId, { pack, offset: offset - length, length }];
      }),
    );
  }
}

function bytesOf(frames: readonly { length: number }[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}
