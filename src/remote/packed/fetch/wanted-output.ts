import type { ObjectSum } from "../../../lib/object-sum.ts";
import type { PackedEntry, Place } from "../format/entry.ts";

/** An output's progress: queued or in flight, in memory, being written to the disk, or done (written or failed). */
type Stage = "queued" | "buffered" | "writing" | "done";

/** An output that is being fetched, for one or more actions. */
export class WantedOutput {
  readonly outputId: string;
  readonly sizeBytes: number;
  readonly place: Place;
  /** The entries of the actions with this output. */
  readonly entries: PackedEntry[];
  /** The sums to add the output to once it is written. */
  readonly countedBy = new Set<ObjectSum>();
  stage: Stage = "queued";
  /** Whether go waits for it. */
  isAwaited = false;
  /** The compressed bytes, while the stage is `buffered`. */
  #frame: Uint8Array<ArrayBuffer> | undefined;
  readonly #arrival = Promise.withResolvers<boolean>();

  constructor(entry: PackedEntry, place: Place) {
    this.outputId = entry.outputId;
    this.sizeBytes = entry.sizeBytes;
    this.place = place;
    this.entries = [entry];
    // A prefetched output may fail without any waiting caller.
    this.#arrival.promise.catch(() => undefined);
  }

  /** Resolves to whether the output was written to the local disk. Rejects with the error of a failure. */
  get arrival(): Promise<boolean> {
    return this.#arrival.promise;
  }

  /** See `CacheEntry`. */
  get executable(): string | undefined {
    return this.entries.find(({ executable }) => executable !== undefined)?.executable;
  }

  buffer(frame: Uint8Array<ArrayBuffer>): void {
    this.stage = "buffered";
    this.#frame = frame;
  }

  /** Hands the frame to the caller, which must write it; `undefined` if it was taken already or has not arrived. */
  takeFrame(): Uint8Array<ArrayBuffer> | undefined {
    const frame = this.#frame;
    this.#frame = undefined;
    if (frame !== undefined) this.stage = "writing";
    return frame;
  }

  written(): void {
    this.#end();
    for (const received of this.countedBy) received.add(this.sizeBytes);
    this.#arrival.resolve(true);
  }

  /** `error`: `undefined` if the bucket does not have the output. */
  failed(error: unknown): void {
    this.#end();
    if (error === undefined) this.#arrival.resolve(false);
    else this.#arrival.reject(error);
  }

  #end(): void {
    this.stage = "done";
    this.#frame = undefined;
  }
}
