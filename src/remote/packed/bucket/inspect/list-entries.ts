/** Shows the entries of one segment, or of the segments that a record names. */
import type { StoreOptions } from "../../../patient-store.ts";
import type { PackedEntry } from "../../format/entry.ts";
import type { RunRecord } from "../../format/run-record.ts";
import { allRows } from "../../format/segment.ts";
import { PackedBucket } from "../packed-bucket.ts";
import { readRecords } from "../stored-record.ts";
import { readSegment, readSegments, type StoredSegment } from "../stored-segment.ts";

/** An entry, for people and scripts. */
export interface ShownEntry {
  action: string;
  output: string;
  bytes: number;
  /** ISO 8601. */
  putTime: string;
  /** The pack's id; it and the place in it are absent if the output is empty. */
  pack?: string;
  offset?: number;
  length?: number;
  /** Absent: unknown. */
  compileMs?: number;
  /** The file name of a program that go runs from its own cache. */
  executable?: string;
  /** Whether the record's run used it; absent for a segment. */
  used?: boolean;
}

export interface EntryListing {
  /** Whether there is such a segment or record. */
  isFound: boolean;
  /** The segments that were left out, and why. */
  missing: { id: string; reason: string }[];
}

/**
 * Passes each entry to `onEntry`, with one segment in memory. `name`: a segment's id, or the key of a segment or record,
 * from the top of the bucket or below `packed/v1/`. Rejects if a record can't be used.
 */
export async function listEntries(
  options: StoreOptions & { name: string; onEntry: (entry: ShownEntry) => void },
): Promise<EntryListing> {
  const bucket = new PackedBucket(options);
  const { name, prefix, onEntry } = options;
  const { root } = bucket.keys;
  const key = name.startsWith(root) ? name : `${root}${name}`;
  const id = key.slice(key.lastIndexOf("/") + 1);
  if (key === root + id || key === bucket.keys.segment(id))
    return showSegment(await readSegment(bucket, { id, prefix }), onEntry);
  for await (const { record, bytes, bad } of readRecords(bucket, [{ key, sizeBytes: 0 }])) {
    if (bad !== undefined) throw new Error(`${key} can't be used: ${bad.reason}`);
    if (record !== undefined && bytes !== undefined) return await showRecord(bucket, record, bytes, onEntry);
  }
  return { isFound: false, missing: [] };
}

async function showRecord(
  bucket: PackedBucket,
  record: RunRecord,
  bytes: Uint8Array<ArrayBuffer>,
  onEntry: (entry: ShownEntry) => void,
): Promise<EntryListing> {
  const listing: EntryListing = { isFound: true, missing: [] };
  for await (const { ref, segment, reason } of readSegments(bucket, record, bytes)) {
    if (segment === undefined)
      listing.missing.push({ id: ref.id, reason: reason ?? "the bucket has no such segment" });
    else
      for (const [row, entry] of segment.entries(allRows(segment)))
        onEntry({ ...shown(entry), used: ref.used?.has(row) ?? true });
  }
  return listing;
}

function showSegment(
  { ref, segment, reason }: StoredSegment<{ id: string }>,
  onEntry: (entry: ShownEntry) => void,
): EntryListing {
  if (segment !== undefined) for (const [, entry] of segment.entries(allRows(segment))) onEntry(shown(entry));
  const missing = reason === undefined ? [] : [{ id: ref.id, reason }];
  return { isFound: segment !== undefined || reason !== undefined, missing };
}

function shown(entry: PackedEntry): ShownEntry {
  const { actionId, outputId, sizeBytes, putTimeMs, place, compileMs, executable } = entry;
  return {
    action: actionId,
    output: outputId,
    bytes: sizeBytes,
    putTime: new Date(putTimeMs).toISOString(),
    ...(place && { pack: place.pack.id, offset: place.offset, length: place.length }),
    ...(compileMs === undefined ? {} : { compileMs }),
    ...(executable === undefined ? {} : { executable }),
  };
}
