/** `inspect`: lists what is in the bucket or in one of its segments, and finds an id. */
import { findLocally, type LocalFinds } from "../../buildcache/find-local.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { type FoundEntry, findEntries } from "../../remote/packed/bucket/inspect/find-entries.ts";
import {
  inspectBucket,
  type BucketReport as PackedBucketReport,
} from "../../remote/packed/bucket/inspect/inspect-bucket.ts";
import {
  type EntryListing,
  listEntries,
  type ShownEntry,
} from "../../remote/packed/bucket/inspect/list-entries.ts";
import { readGcStatus } from "../../remote/packed/gc/lease.ts";
import { LocalDir } from "../../store/local/local-dir.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { type MaintenanceOptions, withStore } from "./with-store.ts";

export type BucketReport = PackedBucketReport;

/** Where an id was found. */
export interface IdReport {
  inBucket: FoundEntry[];
  local: LocalFinds;
}

export async function inspectWhole(
  options: MaintenanceOptions & { onProgress: OnProgress },
): Promise<BucketReport> {
  const { onProgress } = options;
  return await withStore(options, (store) =>
    inspectBucket({ ...store, onProgress, readCollection: () => readGcStatus(store) }),
  );
}

/** `id`: the first digits of an action's or an output's. */
export async function inspectId(
  options: MaintenanceOptions & { id: string; onProgress: OnProgress },
): Promise<IdReport> {
  const { id, onProgress } = options;
  const { root } = locateCacheDir(options.cacheDir, options.env);
  const local = findLocally(new LocalDir(root), id);
  const inBucket = await withStore(options, (store) => findEntries({ ...store, id, onProgress }));
  return { inBucket, local };
}

/** `name`: a segment's id, or the key of a segment or record. */
export async function inspectEntries(
  options: MaintenanceOptions & { name: string; onEntry: (entry: ShownEntry) => void },
): Promise<EntryListing> {
  const { name, onEntry } = options;
  return await withStore(options, (store) => listEntries({ ...store, name, onEntry }));
}
