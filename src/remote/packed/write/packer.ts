import { BoundedMap } from "../../../lib/bounded-map.ts";
import { BufferGarbage } from "../../../lib/bytes/buffer-garbage.ts";
import type { Counters } from "../../../lib/counters.ts";
import type { TempFile } from "../../../store/local/temp-file.ts";
import { MAX_OBJECT_BYTES } from "../../../store/object-limit.ts";
import type { PutBody } from "../../../store/object-store.ts";
import type { Pack, Place } from "../format/entry.ts";
import type { PackedKeys } from "../format/keys.ts";
import { type LocalOutput, readFrame } from "../format/output-frame.ts";
import { PackBuilder } from "../format/pack-builder.ts";
import { spoolFrame } from "./spooled-output.ts";
import type { Uploads } from "./uploads.ts";

const PACK_BYTES = 8 << 20;
/** Small outputs have a pack of their own: a build reads most of them first, to see what it has to do. */
const SMALL_BYTES = 32 << 10;
const LARGE_BYTES = 32 << 20;
/** A pack is held in memory until it is stored. */
const MAX_UPLOADS = 3;
/** How many outputs are remembered as stored; the records know of all. */
const MAX_STORED = 20_000;

/** Makes packs of outputs and uploads them, behind, a few at once; holds no more in memory than those. */
export class Packer {
  readonly #options: PackerOptions;
  /** Outputs on their way. */
  readonly #places = new Map<string, PromiseWithResolvers<Place | undefined>>();
  readonly #stored = new BoundedMap<string, Place>(MAX_STORED);
  readonly #waiting: LocalOutput[] = [];
  readonly #uploads = new Set<Promise<void>>();
  readonly #small: PackBuilder;
  readonly #rest: PackBuilder;
  readonly #maxUploads: number;
  readonly #garbage = new BufferGarbage();
  #work: Promise<void> | undefined;

  constructor(options: PackerOptions) {
    this.#options = options;
    this.#maxUploads = Math.min(options.concurrency, MAX_UPLOADS);
    this.#small = new PackBuilder(options.prefix);
    this.#rest = new PackBuilder(options.prefix);
  }

  /** Where the output lies once its pack is stored; `undefined` when that can't be. One upload an output. */
  async add(output: LocalOutput): Promise<Place | undefined> {
    const stored = this.#stored.get(output.outputId);
    if (stored !== undefined) return stored;
    const known = this.#places.get(output.outputId);
    if (known !== undefined) return await known.promise;
    const place = Promise.withResolvers<Place | undefined>();
    this.#places.set(output.outputId, place);
    this.#waiting.push(output);
    this.#work ??= this.#workOff();
    return await place.promise;
  }

  /** Uploads what is left, however little. Resolves when everything that was added is stored or given up. */
  async flush(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
    for (const builder of [this.#small, this.#rest]) if (builder.sizeBytes > 0) this.#seal(builder);
    await Promise.all(this.#uploads);
  }

  /** The pack is gone or wrong: its outputs count as not stored, so the next `add` uploads them again. */
  forget(packId: string): void {
    this.#stored.deleteWhere(({ pack }) => pack.id === packId);
  }

  /** Stores outputs anew, together in one pack; returns where they lie now. Those that are gone are left out. */
  async repack(outputs: LocalOutput[]): Promise<Map<string, Place>> {
    const { prefix, counters } = this.#options;
    const builder = new PackBuilder(prefix);
    const seen = new Set<string>();
    for (const output of outputs) {
      if (seen.has(output.outputId)) continue;
      seen.add(output.outputId);
      const frame = await readFrame(output);
      if (frame !== undefined) builder.add(output.outputId, frame);
    }
    const { pack, bytes, places } = builder.seal();
    const isStored = bytes.length > 0 && (await this.#put(pack, bytes));
    if (isStored) counters.add("packs_rewritten");
    return isStored ? places : new Map();
  }

  async #workOff(): Promise<void> {
    // What go puts next should not wait for this.
    await new Promise(setImmediate);
    for (let output = this.#waiting.shift(); output !== undefined; output = this.#waiting.shift()) {
      try {
        await this.#pack(output);
      } catch {
        // Whoever waits for this output must hear of it, and the others must have their turn.
        this.#options.counters.add("put_remote_error");
        this.#settle(output.outputId, undefined);
      }
      while (this.#uploads.size >= this.#maxUploads) await Promise.race(this.#uploads);
    }
    this.#work = undefined;
  }

  async #pack(output: LocalOutput): Promise<void> {
    if (this.#options.uploads.abandonment.aborted) {
      this.#settle(output.outputId, undefined);
      return;
    }
    if (output.sizeBytes > LARGE_BYTES) {
      this.#start(this.#packAlone(output));
      return;
    }
    const frame = await readFrame(output);
    if (frame === undefined) {
      this.#options.counters.add("put_skip_gone");
      this.#settle(output.outputId, undefined);
      return;
    }
    this.#garbage.letGo(output.sizeBytes);
    const builder = output.sizeBytes < SMALL_BYTES ? this.#small : this.#rest;
    builder.add(output.outputId, frame);
    if (builder.sizeBytes >= PACK_BYTES) this.#seal(builder);
  }

  #seal(builder: PackBuilder): void {
    const { pack, bytes, places } = builder.seal();
    const upload = async () => {
      const isStored = await this.#put(pack, bytes);
      if (isStored) this.#options.counters.add("packs_written");
      for (const [outputId, place] of places) this.#settle(outputId, isStored ? place : undefined);
      this.#garbage.letGo(bytes.length);
    };
    this.#start(upload());
  }

  async #packAlone(output: LocalOutput): Promise<void> {
    let file: TempFile | undefined;
    try {
      file = this.#options.createTemp();
      this.#settle(output.outputId, file && (await this.#storeAlone(output, file)));
    } catch {
      this.#settle(output.outputId, undefined);
    } finally {
      file?.discard();
    }
  }

  async #storeAlone(output: LocalOutput, file: TempFile): Promise<Place | undefined> {
    const { prefix, counters } = this.#options;
    // No reader expands a frame to more than that.
    const isTooLarge = output.sizeBytes > MAX_OBJECT_BYTES;
    const frame = isTooLarge ? undefined : await spoolFrame(output, file);
    if (frame === undefined) {
      counters.add(isTooLarge ? "put_skip_large" : "put_skip_gone");
      return undefined;
    }
    const pack: Pack = { id: frame.sha256, sizeBytes: frame.sizeBytes, prefix };
    const isStored = await this.#put(pack, frame);
    return isStored ? { pack, offset: 0, length: pack.sizeBytes } : undefined;
  }

  async #put(pack: Pack, body: PutBody): Promise<boolean> {
    const { uploads, keys, onStored } = this.#options;
    const isStored = await uploads.put(keys.pack(pack.id), body, pack.id);
    if (isStored) onStored?.(pack.id);
    return isStored;
  }

  #start(upload: Promise<void>): void {
    const running = upload.catch(() => undefined);
    this.#uploads.add(running);
    void running.finally(() => this.#uploads.delete(running));
  }

  /** What could not be stored may be tried again. */
  #settle(outputId: string, place: Place | undefined): void {
    this.#places.get(outputId)?.resolve(place);
    this.#places.delete(outputId);
    if (place !== undefined) this.#stored.set(outputId, place);
  }
}

export interface PackerOptions {
  keys: PackedKeys;
  /** Below which the packs lie. */
  prefix: string;
  uploads: Uploads;
  /** Most uploads at once. */
  concurrency: number;
  counters: Counters;
  /** A file for what is too large for memory; `undefined` when the disk takes none. */
  createTemp: () => TempFile | undefined;
  /** Called with the id of each pack that is now in the bucket. */
  onStored?: (packId: string) => void;
}
