import type { LocalOutputs } from "../../local-outputs.ts";
import type { PackedEntry, Place } from "../format/entry.ts";
import type { LocalOutput } from "../format/output-frame.ts";
import { SegmentBuilder } from "../format/segment-builder.ts";
import { EntryQueue, type QueuedEntry } from "./entry-queue.ts";
import type { AddedSegment, EntryTotal } from "./run-publisher.ts";

/** Outputs that the packer reads and compresses next. The others wait in a few bytes each. */
const MAX_PACKING = 64;

/**
 * The entries that the bucket lacks, on their way into segments: they wait, their outputs go to packs, and then their
 * rows to a segment. Uses little memory for each, however slow the bucket is.
 */
export class NewEntries {
  readonly #options: NewEntriesOptions;
  #queue = new EntryQueue();
  /** Those whose outputs could not be uploaded. */
  #failed = new EntryQueue();
  readonly #placing = new Set<Promise<void>>();
  #feeding: Promise<void> | undefined;
  readonly #builder = new SegmentBuilder();
  #sealed: AddedSegment[] = [];
  /** New entries in the queues and on their way to packs; in the builder. */
  readonly #unplaced: EntryTotal = { count: 0, bytes: 0 };
  #built: EntryTotal = { count: 0, bytes: 0 };

  constructor(options: NewEntriesOptions) {
    this.#options = options;
  }

  /** Starts to upload the output, unless the bucket has it. */
  add(entry: QueuedEntry): void {
    if (entry.isNew) addTo(this.#unplaced, 1, entry.sizeBytes);
    this.#queue.push(entry);
    this.#feed();
  }

  /** The new entries that no record has. */
  get unpublished(): EntryTotal {
    const total = { ...this.#unplaced };
    addTo(total, this.#built.count, this.#built.bytes);
    for (const { added } of this.#sealed) addTo(total, added.count, added.bytes);
    return total;
  }

  /** New entries whose outputs could not be uploaded. */
  get failedCount(): number {
    return this.#failed.size;
  }

  /** Whether every entry is published. */
  get isEmpty(): boolean {
    const isPlaced = this.#queue.size + this.#failed.size + this.#placing.size === 0;
    return isPlaced && this.#feeding === undefined && this.#builder.rows + this.#sealed.length === 0;
  }

  /** Resolves when the output of every entry is in the bucket, or has failed. Tries those again that had failed. */
  async place(): Promise<void> {
    const failed = this.#failed;
    this.#failed = new EntryQueue();
    for (let entry = failed.shift(); entry !== undefined; entry = failed.shift()) this.#queue.push(entry);
    this.#feed();
    while (this.#feeding !== undefined) await this.#feeding;
    const placing = [...this.#placing];
    await this.#options.packer.flush();
    await Promise.all(placing);
  }

  /** The segments that no record names yet, with all entries that are in packs. */
  seal(): readonly AddedSegment[] {
    if (this.#builder.rows > 0) {
      this.#sealed.push({ ...this.#builder.seal(this.#options.timeOf()), added: this.#built });
      this.#built = { count: 0, bytes: 0 };
    }
    return this.#sealed;
  }

  /** Records name these segments. */
  published(segments: readonly AddedSegment[]): void {
    this.#sealed = this.#sealed.filter((segment) => !segments.includes(segment));
  }

  #feed(): void {
    this.#feeding ??= this.#feedPacker().finally(() => {
      this.#feeding = undefined;
    });
  }

  async #feedPacker(): Promise<void> {
    // Lets go's next put run first.
    await new Promise(setImmediate);
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      const placing = this.#place(entry);
      this.#placing.add(placing);
      void placing.finally(() => this.#placing.delete(placing));
      while (this.#options.packer.waiting >= MAX_PACKING) await this.#options.packer.hasRoom();
    }
  }

  /** Never rejects. */
  async #place({ isNew, ...entry }: QueuedEntry): Promise<void> {
    const placed = await this.#find(entry).catch(() => undefined);
    if (placed === undefined) {
      // One that was only used is looked up again by the next session that uses it.
      if (isNew) this.#failed.push({ ...entry, isNew });
      return;
    }
    if (this.#builder.isFull) this.seal();
    this.#builder.add(placed);
    if (!isNew) return;
    addTo(this.#unplaced, -1, -entry.sizeBytes);
    addTo(this.#built, 1, entry.sizeBytes);
  }

  /** `undefined`: the output is not in the bucket and can't be uploaded. */
  async #find(entry: Omit<PackedEntry, "place">): Promise<PackedEntry | undefined> {
    const { outputId, sizeBytes } = entry;
    if (sizeBytes === 0) return { ...entry, place: undefined };
    const { findPlace, findOutput, packer } = this.#options;
    const known = findPlace(outputId);
    if (known !== undefined) return { ...entry, place: known };
    const found = findOutput(outputId);
    const place = found === undefined ? undefined : await packer.add({ ...found, outputId, sizeBytes });
    return place && { ...entry, place };
  }
}

function addTo(total: EntryTotal, count: number, bytes: number): void {
  total.count += count;
  total.bytes += bytes;
}

export interface NewEntriesOptions {
  /** A trusted location of an output in the bucket. */
  findPlace: (outputId: string) => Place | undefined;
  /** An output on the local disk. */
  findOutput: LocalOutputs["findOutput"];
  packer: PackerForEntries;
  /** How long go compiled an action, in milliseconds. */
  timeOf: () => (actionId: string) => number | undefined;
}

/** The part of `Packer` that this needs. */
export interface PackerForEntries {
  add(output: LocalOutput): Promise<Place | undefined>;
  flush(): Promise<void>;
  /** Outputs that are not compressed yet. */
  readonly waiting: number;
  /** Resolves when one of them is. */
  hasRoom(): Promise<void>;
}
