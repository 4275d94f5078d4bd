import type { CacheEntry } from "../../../buildcache/entry.ts";
import type { OnProgress } from "../../../lib/progress.ts";
import type { StoreOptions } from "../../patient-store.ts";
import type { Place } from "../format/entry.ts";
import { PackedKeys } from "../format/keys.ts";
import type { RunRecord } from "../format/run-record.ts";
import { PackedBucket } from "./packed-bucket.ts";
import { readAllRecords } from "./stored-record.ts";

/** A short id prefix may match any number of entries. */
const MAX_FOUND = 100;
/** Record keys kept per entry. */
const MAX_RECORDS = 10;

/** An entry and the records that contain it. */
export interface FoundEntry extends CacheEntry {
  /** `undefined`: the output is empty, so no pack holds it. */
  place: (Place & { key: string; isThere: boolean }) | undefined;
  /** Keys of the first few records that contain it. */
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
  for await (const { ref, record } of readAllRecords(bucket, ["run", "new", "shared"])) {
    done++;
    options.onProgress?.({ stage: "reading records", done, total: undefined });
    if (record !== undefined) collect(found, ref.key, record, options.id);
  }
  return await Promise.all([...found.values()].map((entry) => located(bucket, entry)));
}

function collect(found: Map<string, Candidate>, key: string, { entries }: RunRecord, id: string): void {
  for (const entry of entries) {
    const { actionId, outputId, place } = entry;
    if (!actionId.startsWith(id) && !outputId.startsWith(id)) continue;
    const name = [actionId, outputId, place?.pack.id, place?.offset].join();
    const known = found.get(name);
    if (known === undefined && found.size === MAX_FOUND) continue;
    const candidate = known ?? { ...entry, records: [], recordCount: 0 };
    found.set(name, candidate);
    candidate.recordCount++;
    if (candidate.records.length < MAX_RECORDS) candidate.records.push(key);
  }
}

async function located(bucket: PackedBucket, entry: Candidate): Promise<FoundEntry> {
  const { place } = entry;
  if (place === undefined) return { ...entry, place };
  const key = new PackedKeys(place.pack.prefix).pack(place.pack.id);
  return { ...entry, place: { ...place, key, isThere: await bucket.has(key) } };
}
