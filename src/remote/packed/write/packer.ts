import { BoundedMap } from "../../../lib/bounded-map.ts";
import type { Counters } from "../../../lib/counters.ts";
import { Garbage } from "../../../lib/garbage.ts";
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
/** Bounds the memory of writers and readers for very small outputs: each takes about 2 KB until it is stored. */
const PACK_OUTPUTS = 2_000;
/** Smaller outputs go to separate packs: a build reads most of them first, to decide what to compile. */
const SMALL_BYTES = 32 << 10;
const LARGE_BYTES = 32 << 20;
/** Bounds the memory: a pack stays in memory until its upload ends. */
const MAX_UPLOADS = 3;
/** The number of uploaded outputs to remember; the records contain all of them. */
const MAX_STORED = 20_000;
/** The garbage of one output besides its bytes. */
const OBJECTS_BYTES = 4 << 10;

/** Packs outputs and uploads the packs in the background, a few at once. Keeps only those packs in memory. */
export class Packer {
  readonly #options: PackerOptions;
  /** The outputs in progress, by id. */
  readonly #places = new Map<string, PromiseWithResolvers<Place | undefined>>();
  readonly #stored = new BoundedMap<string, Place>(MAX_STORED);
  readonly #waiting: LocalOutput[] = [];
  readonly #uploads = new Set<Promise<void>>();
  readonly #small: PackBuilder;
  readonly #rest: PackBuilder;
  readonly #maxUploads: number;
  readonly #garbage = new Garbage();
  #work: Promise<void> | undefined;
  #onRoom: PromiseWithResolvers<void> | undefined;

  constructor(options: PackerOptions) {
    this.#options = options;
    this.#maxUploads = Math.min(options.concurrency, MAX_UPLOADS);
    this.#small = new PackBuilder(options.prefix);
    this.#rest = new PackBuilder(options.prefix);
  }

  /** Uploads the output once; resolves to its location, `undefined` if it can't be uploaded. */
  async add(output: LocalOutput): Promise<Place | undefined> {
    const stored = this.#stored.get(output.outputId);
    if (stored !== undefined) return stored;
    const known = this.#places.get(output.outputId);
    if (known !== undefined) return await known.promise;
    const place = Promise.withResolvers<Place | undefined>();
    this.#places.set(output.outputId, place);
    this.#waiting.push(output);
    this.#work ??= this.#packWaiting();
    return await place.promise;
  }

  /** Outputs that are not compressed yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when one of the waiting outputs is compressed, or has failed. */
  hasRoom(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    this.#onRoom ??= Promise.withResolvers();
    return this.#onRoom.promise;
  }

  /** Uploads the unfinished packs, too. Resolves when all added outputs are uploaded or have failed. */
  async flush(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
    for (const builder of [this.#small, this.#rest]) if (builder.sizeBytes > 0) this.#seal(builder);
    await Promise.all(this.#uploads);
  }

  /** Forgets the outputs of a pack that is gone or damaged, so that the next `add` uploads them again. */
  forget(packId: string): void {
    this.#stored.deleteWhere(({ pack }) => pack.id === packId);
  }

  /** Uploads outputs again, in one pack; returns their new locations. Skips outputs that are gone from the local disk. */
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

  async #packWaiting(): Promise<void> {
    // Lets go's next put run first.
    await new Promise(setImmediate);
    for (let output = this.#waiting.shift(); output !== undefined; output = this.#waiting.shift()) {
      try {
        await this.#pack(output);
      } catch {
        // Settle this output so that callers don't wait forever, and continue with the others.
        this.#options.counters.add("put_remote_error");
        this.#settle(output.outputId, undefined);
      }
      this.#onRoom?.resolve();
      this.#onRoom = undefined;
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
    this.#garbage.release(output.sizeBytes);
    const builder = output.sizeBytes < SMALL_BYTES ? this.#small : this.#rest;
    builder.add(output.outputId, frame);
    if (builder.sizeBytes >= PACK_BYTES || builder.outputs >= PACK_OUTPUTS) this.#seal(builder);
  }

  #seal(builder: PackBuilder): void {
    const { pack, bytes, places } = builder.seal();
    const upload = async () => {
      const isStored = await this.#put(pack, bytes);
      if (isStored) this.#options.counters.add("packs_written");
      for (const [outputId, place] of places) this.#settle(outputId, isStored ? place : undefined);
      this.#garbage.release(bytes.length + OBJECTS_BYTES * places.size);
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
    // Readers refuse larger outputs.
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

  /** Resolves the output's callers. A later `add` retries an output that failed. */
  #settle(outputId: string, place: Place | undefined): void {
    this.#places.get(outputId)?.resolve(place);
    this.#places.delete(outputId);
    if (place !== undefined) this.#stored.set(outputId, place);
  }
}

export interface PackerOptions {
  keys: PackedKeys;
  /** The bucket prefix of the packs. */
  prefix: string;
  uploads: Uploads;
  /** The limit of concurrent uploads. */
  concurrency: number;
  counters: Counters;
  /** Creates a file for an output that is too large for memory; `undefined` if the disk refuses. */
  createTemp: () => TempFile | undefined;
  /** Called with the id of each uploaded pack. */
  onStored?: (packId: string) => void;
}
