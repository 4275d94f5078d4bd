import { mapAhead } from "../../../lib/async/map-ahead.ts";
import { Garbage } from "../../../lib/garbage.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { PackedBucket } from "../bucket/packed-bucket.ts";
import type { ListedRecord } from "../bucket/record-census.ts";
import { type BadRecord, type ReadRecord, readRecords } from "../bucket/stored-record.ts";
import { readSegment } from "../bucket/stored-segment.ts";
import { PackedKeys } from "../format/keys.ts";
import { inlineSegments, type RunRecord, type SegmentRef } from "../format/run-record.ts";
import type { Segment } from "../format/segment.ts";
import { newSegment } from "../format/segment-builder.ts";
import {
  idOf,
  type Ledger,
  nameSegment,
  PACK_WORDS,
  recordVersion,
  SEGMENT_WORDS,
  segmentOf,
  wordsOf,
} from "./ledger.ts";

/** Segments in memory at once, each up to 4 MiB. */
const SEGMENTS_AHEAD = 4;
/** The number of unreadable records and segments to report. */
const MAX_UNREADABLE = 20;

/** Of a segment, in about. */
const ROW_BYTES = 140;
/** However little time is left, so many are read: each stretch gets further. */
const AT_LEAST = 8;

export interface ReadSteps {
  /** Called after each record and segment that was read. */
  onRead: () => Promise<void>;
  /** Whether to begin no more. */
  isOver: () => boolean;
}

/**
 * Which segments and packs the records name that are live. Reads what the ledger does not know, and adds it there.
 */
export class Marks {
  readonly #bucket: PackedBucket;
  readonly #ledger: Ledger;
  readonly #steps: ReadSteps;
  readonly #records = new Set<number>();
  readonly #segments = new Set<number>();
  readonly #garbage = new Garbage();
  #packs = new Uint8Array();
  readonly unreadable: { key: string; reason: string }[] = [];
  /** The keys of damaged shared records. They name nothing that counts, since they are replaced. */
  readonly damagedShared = new Set<string>();

  constructor(bucket: PackedBucket, ledger: Ledger, steps: ReadSteps) {
    this.#bucket = bucket;
    this.#ledger = ledger;
    this.#steps = steps;
  }

  get live(): { records: ReadonlySet<number>; segments: ReadonlySet<number> } {
    return { records: this.#records, segments: this.#segments };
  }

  /** Marks these records, and reads those that are new. Returns whether that was all; rejects if a request fails. */
  async mark(records: readonly ListedRecord[]): Promise<boolean> {
    const unknown = records.filter((record) => !this.#isMarked(record));
    let left = unknown.length;
    for await (const read of readRecords(this.#bucket, this.#inTime(unknown))) {
      await this.#add(read);
      this.#garbage.release(read.ref.sizeBytes);
      left--;
      await this.#steps.onRead();
    }
    return left === 0;
  }

  /**
   * Reads the live segments that are new, and marks the packs of all of them. A segment that the bucket lacks names
   * none. Returns whether that was all; rejects if a request fails.
   */
  async markPacks(): Promise<boolean> {
    const unknown = [...this.#segments].filter((segment) => !this.#ledger.knowsPacks(segment));
    const found = mapAhead(this.#inTime(unknown), SEGMENTS_AHEAD, async (segment) => {
      const id = idOf(this.#ledger.segmentWords(segment));
      const { prefix, keys } = this.#bucket;
      return { segment, key: keys.segment(id), ...(await this.#readPacks({ id, prefix })) };
    });
    let left = unknown.length;
    for await (const { segment, key, packs, reason } of found) {
      if (reason !== undefined) this.#noteUnreadable(key, reason);
      if (packs !== undefined) this.#ledger.addPacks(segment, packs);
      left--;
      await this.#steps.onRead();
    }
    if (left > 0) return false;
    this.#packs = new Uint8Array(this.#ledger.packCount + 1);
    for (const segment of this.#segments)
      for (const pack of this.#ledger.packsOf(segment)) this.#packs[pack] = 1;
    return true;
  }

  /** Whether a live record names a segment with this id. */
  hasSegment(id: string): boolean {
    return this.#segments.has(this.#ledger.findSegment(id));
  }

  /** Whether a live segment named a pack with this id, below any prefix, at the last call of `markPacks`. */
  hasPack(id: string): boolean {
    return this.#packs[this.#ledger.findPack(id)] === 1;
  }

  /** As many as there is time to begin with, and a few in any case. */
  *#inTime<T>(items: readonly T[]): Generator<T, void, void> {
    for (const [at, item] of items.entries()) {
      if (at >= AT_LEAST && this.#steps.isOver()) return;
      yield item;
    }
  }

  #isMarked(record: ListedRecord): boolean {
    const number = this.#ledger.findRecord(recordVersion(record));
    if (number === 0 || !this.#ledger.isWhole(number)) return false;
    this.#records.add(number);
    for (const named of this.#ledger.namedBy(number)) this.#segments.add(segmentOf(named));
    return true;
  }

  async #add({ ref, record, bytes, bad }: ReadRecord<ListedRecord>): Promise<void> {
    if (bad !== undefined) this.#noteBad(ref, bad);
    if (record === undefined || bytes === undefined) return;
    if (!this.#addInline(ref, record, bytes) || !(await this.#addForeign(record))) return;
    const named = record.segments.filter((each) => !this.#isForeign(each) || this.#knows(each.id));
    this.#ledger.addRecord(
      recordVersion(ref),
      named.map((each) => nameSegment(this.#numberOf(each.id), each.isInline || this.#isForeign(each))),
    );
    this.#isMarked(ref);
  }

  #addInline(ref: ListedRecord, { segments }: RunRecord, bytes: Uint8Array<ArrayBuffer>): boolean {
    const isNew = segments.some(({ id, isInline }) => isInline && !this.#knows(id));
    try {
      const found = isNew ? inlineSegments(bytes, segments) : [];
      for (const [id, each] of found)
        this.#ledger.addPacks(this.#numberOf(id), this.#packsIn(newSegment(each).segment));
      return true;
    } catch (error) {
      this.#noteBad(ref, { reason: describeError(error), isNewer: false });
      return false;
    }
  }

  /** Segments below other prefixes may name packs of this one. */
  async #addForeign({ segments }: RunRecord): Promise<boolean> {
    let isReadable = true;
    for (const ref of segments.filter((each) => this.#isForeign(each) && !this.#knows(each.id))) {
      const { packs, reason } = await this.#readPacks(ref);
      if (packs !== undefined) this.#ledger.addPacks(this.#numberOf(ref.id), packs);
      if (reason === undefined) continue;
      this.#noteUnreadable(new PackedKeys(ref.prefix).segment(ref.id), reason);
      isReadable = false;
    }
    return isReadable;
  }

  /** `packs` and `reason` are both `undefined` if the bucket has no such segment. Rejects if the request fails. */
  async #readPacks(ref: Pick<SegmentRef, "id" | "prefix">): Promise<FoundPacks> {
    const { segment, reason } = await readSegment(this.#bucket, ref);
    this.#garbage.release((segment?.rows ?? 0) * ROW_BYTES);
    try {
      return { packs: segment && this.#packsIn(segment), reason };
    } catch (error) {
      return { packs: undefined, reason: describeError(error) };
    }
  }

  /** Throws if they can't be read. */
  #packsIn({ packs }: Segment): number[] {
    return packs.flatMap((pack) =>
      pack === undefined ? [] : [this.#ledger.packNumber(wordsOf(pack.id, PACK_WORDS))],
    );
  }

  #isForeign({ prefix, isInline }: SegmentRef): boolean {
    return !isInline && new PackedKeys(prefix).root !== this.#bucket.keys.root;
  }

  #knows(id: string): boolean {
    const number = this.#ledger.findSegment(id);
    return number !== 0 && this.#ledger.knowsPacks(number);
  }

  #numberOf(id: string): number {
    return this.#ledger.segmentNumber(wordsOf(id, SEGMENT_WORDS));
  }

  #noteBad({ key, kind }: ListedRecord, { reason, isNewer }: BadRecord): void {
    if (kind === "shared" && !isNewer) this.damagedShared.add(key);
    else this.#noteUnreadable(key, reason);
  }

  #noteUnreadable(key: string, reason: string): void {
    if (this.unreadable.length < MAX_UNREADABLE) this.unreadable.push({ key, reason });
  }
}

interface FoundPacks {
  /** Their numbers. */
  packs: number[] | undefined;
  /** Why the segment can't be used. */
  reason: string | undefined;
}
