/** Reads any record of a bucket, and explains why a bad one can't be used. */

import { mapAhead } from "../../../lib/async/map-ahead.ts";
import { expandFrame } from "../../../lib/bytes/zstd.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { splitParts } from "../format/record-parts.ts";
import {
  inlineSegments,
  MAX_JSON_BYTES,
  MAX_RECORD_BYTES,
  parseRunRecord,
  RECORD_VERSION,
  type RunRecord,
} from "../format/run-record.ts";
import type { PackedBucket } from "./packed-bucket.ts";
import { type ListedRecord, listRecords } from "./record-census.ts";

/** The number of records in memory at once, each up to 8 MiB. */
const READ_AHEAD = 6;

/** The reason why a record can't be used. */
export interface BadRecord {
  reason: string;
  /** A later version of this program has written the record, so it is not damaged. */
  isNewer: boolean;
}

/** The result of reading a record. `record` and `bad` are both `undefined` if it was removed after the listing. */
export interface ReadRecord<T> {
  ref: T;
  /** Its inline segments have the hashes that it names. */
  record: RunRecord | undefined;
  /** The stored bytes, also for a bad record. */
  bytes?: Uint8Array<ArrayBuffer> | undefined;
  bad: BadRecord | undefined;
}

/** Reads records in the given order and prefetches the next few. */
export async function* readRecords<T extends { key: string; sizeBytes: number }>(
  bucket: PackedBucket,
  refs: Iterable<T> | AsyncIterable<T>,
): AsyncGenerator<ReadRecord<T>, void, void> {
  const fetched = mapAhead(refs, READ_AHEAD, async (ref) => {
    // A record that is too large is not worth a request.
    const isReadable = ref.sizeBytes <= MAX_RECORD_BYTES;
    return { ref, isReadable, bytes: isReadable ? await bucket.read(ref.key, MAX_RECORD_BYTES) : undefined };
  });
  for await (const { ref, isReadable, bytes } of fetched) {
    if (!isReadable) yield { ref, record: undefined, bad: TOO_LARGE };
    else if (bytes === undefined) yield { ref, record: undefined, bad: undefined };
    else yield { ref, bytes, ...tryParse(bytes) };
  }
}

/** The wanted records of these kinds, as they are listed. */
export async function* listWanted(
  bucket: PackedBucket,
  kinds: readonly ListedRecord["kind"][],
  isWanted: (ref: ListedRecord) => boolean = () => true,
): AsyncGenerator<ListedRecord, void, void> {
  for await (const { records } of listRecords(bucket, kinds)) yield* records.filter(isWanted);
}

const TOO_LARGE: BadRecord = { reason: `larger than ${MAX_RECORD_BYTES} bytes`, isNewer: false };

function tryParse(bytes: Uint8Array<ArrayBuffer>): Omit<ReadRecord<never>, "ref"> {
  if (bytes.length > MAX_RECORD_BYTES) return { record: undefined, bad: TOO_LARGE };
  try {
    const record = parseRunRecord(bytes);
    inlineSegments(bytes, record.segments);
    return { record, bad: undefined };
  } catch (error) {
    return { record: undefined, bad: { reason: describeError(error), isNewer: isNewer(bytes) } };
  }
}

function isNewer(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    const version = JSON.parse(
      new TextDecoder().decode(expandFrame(splitParts(bytes).frame, MAX_JSON_BYTES)),
    )?.version;
    return typeof version === "number" && version > RECORD_VERSION;
  } catch {
    return false;
  }
}
