import type { RecordTrust } from "../format/record-trust.ts";
import type { PackNames } from "./pack-names.ts";
import type { PackedBucket } from "./packed-bucket.ts";
import { type ListedRecord, listRecords } from "./record-census.ts";
import { formatShared, replaceShared, type SharedEntries } from "./shared-record.ts";
import { readRecords } from "./stored-record.ts";

/**
 * Writes each platform's shared record and removes those of platforms where projects no longer share anything. Run
 * records reference every pack that a shared record references. Keeps a record of a later version and counts it as
 * unreadable.
 */
export async function updateShared(options: {
  bucket: PackedBucket;
  /** Entries by the encoded platform name, as in keys. */
  platforms: ReadonlyMap<string, SharedEntries>;
  names: PackNames;
  dryRun: boolean;
  signing?: RecordTrust | undefined;
}): Promise<{ platform: string; entries: number }[]> {
  const { bucket, names, dryRun, signing } = options;
  const present = await listShared(bucket);
  const newer = await noteNewer(bucket, present, names);
  const platforms = new Set([...present.map(platformOf), ...options.platforms.keys()]);
  const report: { platform: string; entries: number }[] = [];
  for (const platform of platforms.difference(newer)) {
    const entries = options.platforms.get(platform)?.entries ?? [];
    if (entries.length > 0) report.push({ platform, entries: entries.length });
    const key = keyOf(bucket, platform);
    if (!dryRun) await replaceShared({ bucket, key, wanted: await formatShared(platform, entries), signing });
  }
  return report;
}

async function listShared(bucket: PackedBucket): Promise<ListedRecord[]> {
  const found: ListedRecord[] = [];
  for await (const { records } of listRecords(bucket, ["shared"])) {
    found.push(...records.filter((record) => record.key === keyOf(bucket, platformOf(record))));
  }
  return found;
}

async function noteNewer(
  bucket: PackedBucket,
  present: ListedRecord[],
  names: PackNames,
): Promise<Set<string>> {
  const newer = new Set<string>();
  for await (const { ref, bad } of readRecords(bucket, present)) {
    if (bad?.isNewer !== true) continue;
    newer.add(platformOf(ref));
    names.noteUnreadable(ref, bad);
  }
  return newer;
}

function platformOf({ key }: ListedRecord): string {
  return key.slice(key.lastIndexOf("/") + 1, -".json.zst".length);
}

/** Does not use `PackedKeys.shared`, which would encode the name again. */
function keyOf(bucket: PackedBucket, platform: string): string {
  return `${bucket.keys.root}shared/${platform}.json.zst`;
}
