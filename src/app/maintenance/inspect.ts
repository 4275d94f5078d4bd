/** `inspect`: lists what is in the bucket or in one of its segments, and finds an id. */
import { findLocally, type LocalFinds } from "../../buildcache/find-local.ts";
import { namesByAction } from "../../gomodcache/wanted-modules.ts";
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
import { readGoHere } from "../go-env.ts";
import { cacheOf } from "../native/cache-platform.ts";
import { findModules } from "../native/find-modules.ts";
import type { CacheName } from "../native/native-caches.ts";
import { type MaintenanceOptions, withStore } from "./with-store.ts";

/** The runs of one job on one branch, and of which of its caches they are. */
type ScopeReport = PackedBucketReport["scopes"][number] & { cache: CacheName };

export type BucketReport = Omit<PackedBucketReport, "scopes"> & { scopes: ScopeReport[] };

/** `module`: such as `example.com/a@v1.0.0`, if a go.sum of this checkout names it. */
type Named<Entry> = Entry & { module?: string };

/** Where an id was found. */
export interface IdReport {
  inBucket: Named<FoundEntry>[];
  local: LocalFinds;
}

export async function inspectWhole(
  options: MaintenanceOptions & { onProgress: OnProgress },
): Promise<BucketReport> {
  const { onProgress } = options;
  const report = await withStore(options, (store) =>
    inspectBucket({ ...store, onProgress, readCollection: () => readGcStatus(store) }),
  );
  const scopes = report.scopes.map((scope) => ({ ...scope, cache: cacheOf(scope.platform).cache }));
  return { ...report, scopes };
}

/** `id`: the first digits of an action's or an output's. */
export async function inspectId(
  options: MaintenanceOptions & { id: string; onProgress: OnProgress },
): Promise<IdReport> {
  const { id, onProgress } = options;
  const { root } = locateCacheDir(options.cacheDir, options.env);
  const local = findLocally(new LocalDir(root), id);
  const found = await withStore(options, (store) => findEntries({ ...store, id, onProgress }));
  const named = found.length === 0 ? undefined : namer(options.env);
  return { inBucket: found.map((entry) => ({ ...entry, ...named?.(entry.actionId) })), local };
}

/** `name`: a segment's id, or the key of a segment or record. */
export async function inspectEntries(
  options: MaintenanceOptions & { name: string; onEntry: (entry: Named<ShownEntry>) => void },
): Promise<EntryListing> {
  const { name } = options;
  const named = namer(options.env);
  const onEntry = (entry: ShownEntry) => options.onEntry({ ...entry, ...named(entry.action) });
  return await withStore(options, (store) => listEntries({ ...store, name, onEntry }));
}

/** Names the modules of the checkout where this runs. What other checkouts had, nothing but the module's bytes would tell. */
function namer(env: MaintenanceOptions["env"]): (actionId: string) => { module?: string } {
  const cwd = process.cwd();
  const { checkout } = readGoHere(env, { cwd, needsRelease: false });
  const names = namesByAction(findModules(checkout, cwd)?.wanted ?? []);
  return (actionId) => {
    const module = names.get(actionId);
    return module === undefined ? {} : { module };
  };
}
