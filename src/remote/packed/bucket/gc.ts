/**
 * Collects garbage below `[<prefix>/]packed/v1/`, and touches nothing else:
 *
 * 1. Removes run records (of builds and of modules) that are unchanged for `olderThanMs`, and additions older than
 *    three days.
 * 2. Writes the entries that the newest runs of several projects share to `shared/<platform>.json.zst`.
 * 3. Notes packs that no record references in `gc/candidates.json.zst`, and removes them two days later.
 *
 * A collection may be interrupted at any point, and several may run at once. All ages are by the store's clock.
 */

import { isAccepted } from "../format/record-trust.ts";
import { collectPacks, deleteAll } from "./gc-packs.ts";
import type { GcOptions, GcReport } from "./gc-report.ts";
import { updateShared } from "./gc-shared.ts";
import { PackNames } from "./pack-names.ts";
import { PackedBucket } from "./packed-bucket.ts";
import { type ListedRecord, listRecords, newestRuns } from "./record-census.ts";
import { SharedEntries } from "./shared-record.ts";

const ADDITION_AGE_MS = 3 * 24 * 3_600_000;

/** The records that were kept, and the numbers of those removed. */
interface Census {
  removedRuns: number;
  removedAdditions: number;
  kept: ListedRecord[];
  /** The store's clock at the first page. */
  listedMs: number;
}

export async function collectGarbage(options: GcOptions): Promise<GcReport> {
  const bucket = new PackedBucket(options);
  const onProgress = options.onProgress ?? (() => {});
  const { kept, listedMs, removedRuns, removedAdditions } = await removeOld(bucket, options);
  const names = new PackNames();
  const platforms = await readKept(bucket, kept, names, options);
  const { dryRun, trust } = options;
  const shared = await updateShared({ bucket, platforms, names, dryRun, signing: trust });
  const round = { bucket, names, listedMs, dryRun: options.dryRun, onProgress };
  const packs = names.unreadable.length > 0 ? undefined : await collectPacks(round);
  return {
    name: bucket.name,
    removedRuns,
    removedAdditions,
    keptRecords: kept.filter(({ kind }) => kind !== "head").length,
    shared,
    unreadable: names.unreadable,
    packs,
  };
}

async function removeOld(bucket: PackedBucket, options: GcOptions): Promise<Census> {
  const census: Census = {
    removedRuns: 0,
    removedAdditions: 0,
    kept: [],
    listedMs: Number.POSITIVE_INFINITY,
  };
  for await (const { records, serverTimeMs } of listRecords(bucket, ["run", "head", "new", "mod"])) {
    census.listedMs = Math.min(census.listedMs, serverTimeMs);
    const old = new Set(records.filter((record) => isOld(record, serverTimeMs, options.olderThanMs)));
    // Removes page by page: after years without a collection, the list may not fit into memory.
    if (!options.dryRun)
      await deleteAll(
        bucket,
        [...old].map(({ key }) => key),
      );
    for (const record of records) count(census, record, old.has(record));
    options.onProgress?.({ stage: "listing records", done: census.kept.length, total: undefined });
  }
  return census;
}

function count(census: Census, record: ListedRecord, isRemoved: boolean): void {
  const { kind } = record;
  if (isRemoved && (kind === "run" || kind === "mod")) census.removedRuns++;
  if (isRemoved && kind === "new") census.removedAdditions++;
  if (!isRemoved && kind !== "mod") census.kept.push(record);
}

function isOld({ kind, modifiedMs }: ListedRecord, nowMs: number, olderThanMs: number): boolean {
  const limitMs = kind === "new" ? Math.min(olderThanMs, ADDITION_AGE_MS) : olderThanMs;
  // 0 means that the server sent no time.
  return modifiedMs > 0 && nowMs - modifiedMs >= limitMs;
}

/** Notes the referenced packs, and returns the entries that each platform's projects share. */
async function readKept(
  bucket: PackedBucket,
  kept: ListedRecord[],
  names: PackNames,
  { trust, onProgress }: GcOptions,
): Promise<Map<string, SharedEntries>> {
  const newest = new Set<ListedRecord>(newestRuns(kept));
  const platforms = new Map<string, SharedEntries>();
  const fromOldest = kept.toSorted((a, b) => a.modifiedMs - b.modifiedMs);
  let done = 0;
  await names.read(bucket, fromOldest, (ref, { entries }, bytes) => {
    done++;
    onProgress?.({ stage: "reading records", done, total: kept.length });
    if (ref.scope === undefined || !newest.has(ref)) return;
    if (trust !== undefined && !isAccepted(trust.check, ref.key, bytes)) return;
    const { platform, project } = ref.scope;
    const shared = platforms.get(platform) ?? new SharedEntries();
    platforms.set(platform, shared);
    shared.add(project, entries);
  });
  return platforms;
}
