import type { CacheEntry } from "../../../../buildcache/entry.ts";
import type { OnProgress } from "../../../../lib/progress.ts";
import type { StoreOptions } from "../../../patient-store.ts";
import type { PackedEntry, Place } from "../../format/entry.ts";
import { PackedKeys } from "../../format/keys.ts";
import { digestRecords } from "../digest-records.ts";
import { PackedBucket } from "../packed-bucket.ts";
import { listWanted } from "../stored-record.ts";

/** A short id prefix may match any number of entries. */
const MAX_FOUND = 100;
/** Record keys kept per entry. */
const MAX_RECORDS = 10;
/** In memory. */
const ENTRY_BYTES = 500;

/** An entry and the records that name it. */
export interface FoundEntry extends CacheEntry {
  /** `undefined`: the output is empty, so no pack holds it. */
  place: (Place & { key: string; isThere: boolean }) | undefined;
  /** Keys of the first few records that name a segment with it. */
  records: string[];
  recordCount: number;
}

type Candidate = Omit<FoundEntry, "place"> & { place: Place | undefined };

/** Finds the entries with an action or output id that starts with `id`, one per location, at most a hundred. */
export async function findEntries(
  options: StoreOptions & { id: string; onProgress?: OnProgress },
): Promise<FoundEntry[]> {
  const bucket = new PackedBucket(options);
  const found = new Map<string, Candidate>();
  let done = 0;
  const refs = listWanted(bucket, ["run", "new", "shared"]);
  const read = digestRecords(bucket, refs, {
    digest: ({ segment }) => [...segment.startingWith(options.id)].slice(0, MAX_FOUND),
    weigh: (entries) => ENTRY_BYTES * entries.length,
  });
  for await (const { ref, segments } of read) {
    const names = new Set<string>();
    for (const { digest } of segments) for (const entry of digest ?? []) names.add(collect(found, entry));
    for (const name of names) noteRecord(found.get(name), ref.key);
    options.onProgress?.({ stage: "reading records", done: ++done, total: undefined });
  }
  return await Promise.all([...found.values()].map((entry) => located(bucket, entry)));
}

/** Returns the name of the entry in `found`, which may be full. */
function collect(found: Map<string, Candidate>, entry: PackedEntry): string {
  const { actionId, outputId, place } = entry;
  const name = [actionId, outputId, place?.pack.id, place?.offset].join();
  if (!found.has(name) && found.size < MAX_FOUND) found.set(name, { ...entry, records: [], recordCount: 0 });
  return name;
}

function noteRecord(candidate: Candidate | undefined, key: string): void {
  if (candidate === undefined) return;
  candidate.recordCount++;
  if (candidate.records.length < MAX_RECORDS) candidate.records.push(key);
}

async function located(bucket: PackedBucket, entry: Candidate): Promise<FoundEntry> {
  const { place } = entry;
  if (place === undefined) return { ...entry, place };
  const key = new PackedKeys(place.pack.prefix).pack(place.pack.id);
  return { ...entry, place: { ...place, key, isThere: await bucket.has(key) } };
}
