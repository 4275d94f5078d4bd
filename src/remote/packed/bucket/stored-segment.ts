/** Reads the segments that a record names, for commands that look after the whole bucket. */
import { describeError } from "../../../lib/text/describe-error.ts";
import { PackedKeys } from "../format/keys.ts";
import { inlineSegments, type RunRecord, type SegmentRef } from "../format/run-record.ts";
import type { Segment } from "../format/segment.ts";
import { newSegment, unpackSegment } from "../format/segment-builder.ts";
import { MAX_SEGMENT_BYTES } from "../format/segment-layout.ts";
import type { PackedBucket } from "./packed-bucket.ts";

/** The result of reading a segment. `segment` and `reason` are both `undefined` if the bucket has none. */
export interface StoredSegment<Ref = SegmentRef> {
  ref: Ref;
  segment: Segment | undefined;
  /** The segment's bytes; set with `segment`. */
  bytes: Buffer<ArrayBuffer> | undefined;
  /** Why it can't be used. */
  reason: string | undefined;
}

/**
 * Reads the wanted segments of a record, one at a time. `object`: the record's object. Rejects if a request below the
 * bucket's own prefix fails, and if an inline segment is missing or has another hash.
 */
export async function* readSegments(
  bucket: PackedBucket,
  { segments }: RunRecord,
  object: Uint8Array<ArrayBuffer>,
  isWanted: (ref: SegmentRef) => boolean = () => true,
): AsyncGenerator<StoredSegment, void, void> {
  const wanted = segments.filter(isWanted);
  const inline = wanted.some(({ isInline }) => isInline) ? inlineSegments(object, segments) : undefined;
  for (const ref of wanted) {
    const bytes = inline?.get(ref.id);
    yield bytes === undefined ? await readSegment(bucket, ref) : opened(ref, () => bytes);
  }
}

/** Reads a segment's object. Rejects if a request below the bucket's own prefix fails. */
export async function readSegment<Ref extends Pick<SegmentRef, "id" | "prefix">>(
  bucket: PackedBucket,
  ref: Ref,
): Promise<StoredSegment<Ref>> {
  const keys = new PackedKeys(ref.prefix);
  let object: Uint8Array<ArrayBuffer> | undefined;
  try {
    object = await bucket.read(keys.segment(ref.id), MAX_SEGMENT_BYTES);
  } catch (error) {
    // This process may have no right to read there, or no longer.
    if (keys.root === bucket.keys.root) throw error;
    return { ref, segment: undefined, bytes: undefined, reason: describeError(error) };
  }
  if (object === undefined) return { ref, segment: undefined, bytes: undefined, reason: undefined };
  const stored = object;
  return opened(ref, () => unpackSegment(stored, ref.id));
}

/** Lists the segment objects below the bucket's own prefix. Skips other objects. */
export async function* listSegments(
  bucket: PackedBucket,
): AsyncGenerator<{ id: string; sizeBytes: number }, void, void> {
  for await (const { objects } of bucket.list(`${bucket.keys.root}segment/`)) {
    for (const { key, sizeBytes } of objects) {
      const id = key.slice(key.lastIndexOf("/") + 1);
      if (/^[0-9a-f]{64}$/.test(id) && key === bucket.keys.segment(id)) yield { id, sizeBytes };
    }
  }
}

function opened<Ref>(ref: Ref, unpack: () => Buffer<ArrayBuffer>): StoredSegment<Ref> {
  try {
    return { ref, ...newSegment(unpack()), reason: undefined };
  } catch (error) {
    return { ref, segment: undefined, bytes: undefined, reason: describeError(error) };
  }
}
