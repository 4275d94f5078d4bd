import type { ObjectSum } from "../../../lib/object-sum.ts";
import type { PackedEntry, Place } from "../format/entry.ts";

/** How far an output has come: on its way, in memory, on its way to the disk, or over (placed or given up). */
type Stage = "queued" | "held" | "placing" | "done";

/** An output that is being brought to this machine, for one action or several. */
export class WantedOutput {
  readonly outputId: string;
  readonly sizeBytes: number;
  readonly place: Place;
  /** The actions that made it. */
  readonly entries: PackedEntry[];
  /** Who counts it when it is here. */
  readonly countedBy = new Set<ObjectSum>();
  stage: Stage = "queued";
  /** Whether go waits for it. */
  isDemanded = false;
  /** Its bytes, compressed, while `held`. */
  #frame: Uint8Array<ArrayBuffer> | undefined;
  readonly #arrival = Promise.withResolvers<boolean>();

  constructor(entry: PackedEntry, place: Place) {
    this.outputId = entry.outputId;
    this.sizeBytes = entry.sizeBytes;
    this.place = place;
    this.entries = [entry];
    // Nobody need be waiting.
    this.#arrival.promise.catch(() => undefined);
  }

  /** Whether it is on this machine's disk, once that is known. Rejects with what went wrong. */
  get arrival(): Promise<boolean> {
    return this.#arrival.promise;
  }

  hold(frame: Uint8Array<ArrayBuffer>): void {
    this.stage = "held";
    this.#frame = frame;
  }

  /** For whoever places it; `undefined` when somebody does already, or has. */
  takeFrame(): Uint8Array<ArrayBuffer> | undefined {
    const frame = this.#frame;
    this.#frame = undefined;
    if (frame !== undefined) this.stage = "placing";
    return frame;
  }

  placed(): void {
    this.#end();
    for (const brought of this.countedBy) brought.add(this.sizeBytes);
    this.#arrival.resolve(true);
  }

  /** `error`: `undefined` when there just is nothing to be had. */
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
