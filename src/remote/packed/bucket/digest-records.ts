/**
 * Goes over records and the segments that they name. A segment may be named by thousands of records, and may have
 * 32,768 rows; so each is read once, and only what the caller makes of it stays in memory.
 */
import { mapAhead } from "../../../lib/async/map-ahead.ts";
import type { SegmentRef } from "../format/run-record.ts";
import type { NewSegment } from "../format/segment-builder.ts";
import type { PackedBucket } from "./packed-bucket.ts";
import { type ReadRecord, readRecords } from "./stored-record.ts";
import { readSegments, type StoredSegment } from "./stored-segment.ts";

/** Records whose segments are being read. Each has one segment in memory, of 5 MiB at most. */
const RECORDS_AT_ONCE = 6;
/** Beyond it, digests that were not needed for the longest time are forgotten, and their segments read again. */
const MAX_DIGEST_BYTES = 96 << 20;
/** What a digest takes besides its own weight. */
const OVERHEAD_BYTES = 300;

/** A segment of a record. `digest` and `fault` are both `undefined` if the bucket has no such segment. */
export interface DigestedSegment<D> {
  ref: SegmentRef;
  digest: D | undefined;
  fault: SegmentFault | undefined;
}

/** Why a segment can't be used. */
interface SegmentFault {
  reason: string;
  /** Whose it is: the segment's own object can be sound, and the record be wrong. */
  of: "record" | "segment";
}

export interface Digester<D extends object> {
  /** Called once for each segment, unless too many digests had to be forgotten. */
  digest: (segment: NewSegment) => D;
  /** The others are not read, and left out; absent: all are wanted. */
  isWanted?: (ref: SegmentRef) => boolean;
  /** The bytes in memory of a digest. */
  weigh?: (digest: D) => number;
}

/** Reads records in the given order, with what `digest` makes of their segments. Rejects if a request fails. */
export async function* digestRecords<T extends { key: string; sizeBytes: number }, D extends object>(
  bucket: PackedBucket,
  refs: Iterable<T> | AsyncIterable<T>,
  digester: Digester<D>,
): AsyncGenerator<ReadRecord<T> & { segments: DigestedSegment<D>[] }, void, void> {
  const digests = new Digests(bucket, digester);
  yield* mapAhead(readRecords(bucket, refs), RECORDS_AT_ONCE, async (read) => ({
    ...read,
    segments: await digests.of(read),
  }));
}

interface Digested<D> {
  digest: D | undefined;
  rows: number;
  reason: string | undefined;
}

/** The segments that a record is the first to name. */
type Due<D> = Map<string, PromiseWithResolvers<Digested<D>>>;

class Digests<D extends object> {
  readonly #bucket: PackedBucket;
  readonly #digester: Digester<D>;
  /** By segment, the least recently used first. */
  readonly #known = new Map<string, Promise<Digested<D>>>();
  readonly #weights = new Map<string, number>();
  #bytes = 0;

  constructor(bucket: PackedBucket, digester: Digester<D>) {
    this.#bucket = bucket;
    this.#digester = digester;
  }

  async of({ record, bytes }: ReadRecord<unknown>): Promise<DigestedSegment<D>[]> {
    if (record === undefined || bytes === undefined) return [];
    const due: Due<D> = new Map();
    const refs = record.segments.filter((ref) => this.#digester.isWanted?.(ref) ?? true);
    const digested = refs.map((ref) => this.#claim(ref, due));
    const unread = new Set(due.keys());
    const isDue = (ref: SegmentRef) => unread.delete(nameOf(ref));
    try {
      for await (const stored of readSegments(this.#bucket, record, bytes, isDue)) this.#note(stored, due);
    } catch (error) {
      for (const { reject } of due.values()) reject(error);
    }
    const all = await Promise.all(digested);
    return refs.map((ref, at) => toSegment(ref, all[at] as Digested<D>));
  }

  /** What is known of the segment, or what will be: the first that wants it reads it. */
  #claim(ref: SegmentRef, due: Due<D>): Promise<Digested<D>> {
    const name = nameOf(ref);
    let promise = this.#known.get(name);
    if (promise === undefined) {
      const resolvers = Promise.withResolvers<Digested<D>>();
      resolvers.promise.catch(() => undefined);
      due.set(name, resolvers);
      promise = resolvers.promise;
    }
    this.#known.delete(name);
    this.#known.set(name, promise);
    return promise;
  }

  #note({ ref, segment, bytes, reason }: StoredSegment, due: Due<D>): void {
    const name = nameOf(ref);
    const made = segment && bytes && { segment, bytes };
    const digest = made && this.#digester.digest(made);
    due.get(name)?.resolve({ digest, rows: segment?.rows ?? 0, reason });
    const weight = OVERHEAD_BYTES + (digest === undefined ? 0 : (this.#digester.weigh?.(digest) ?? 0));
    this.#bytes += weight - (this.#weights.get(name) ?? 0);
    this.#weights.set(name, weight);
    this.#forget();
  }

  #forget(): void {
    for (const name of this.#known.keys()) {
      if (this.#bytes <= MAX_DIGEST_BYTES) return;
      const weight = this.#weights.get(name);
      // It is still being read.
      if (weight === undefined) continue;
      this.#bytes -= weight;
      this.#weights.delete(name);
      this.#known.delete(name);
    }
  }
}

/** A segment can be sound in one place, and damaged or absent in another. */
function nameOf({ id, prefix, isInline }: SegmentRef): string {
  return isInline ? id : `${id} ${prefix}`;
}

function toSegment<D>(ref: SegmentRef, { digest, rows, reason }: Digested<D>): DigestedSegment<D> {
  const of = ref.isInline ? "record" : "segment";
  if (reason !== undefined) return { ref, digest: undefined, fault: { reason, of } };
  if (digest === undefined || rows === ref.rows) return { ref, digest, fault: undefined };
  const wrongRows = `the segment ${ref.id} has ${rows} rows, not ${ref.rows}`;
  return { ref, digest: undefined, fault: { reason: wrongRows, of: "record" } };
}
