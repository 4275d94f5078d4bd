/** Checks the packed layout of a bucket: that records are readable, and that packs match the records. */

import { ObjectSum } from "../../../lib/object-sum.ts";
import type { OnProgress } from "../../../lib/progress.ts";
import type { CheckOptions, Finding } from "../../../store/finding.ts";
import type { StoreOptions } from "../../patient-store.ts";
import { checkPacks } from "./check-packs.ts";
import { PackClaimTable } from "./pack-claims.ts";
import { PackedBucket } from "./packed-bucket.ts";
import type { SoundPack } from "./sound-pack.ts";
import { readAllRecords } from "./stored-record.ts";

const RECORD_KINDS = ["run", "head", "new", "shared"] as const;

export interface BucketCheckReport {
  /** Such as `s3://bucket/prefix/packed/v1/`. */
  name: string;
  records: number;
  /** Records of a later version of this program, which are not checked. */
  newerRecords: number;
  packs: ObjectSum;
  frames: number;
  /** Packs that records reference but the bucket lacks: a miss, not an error. */
  absentPacks: number;
}

type BucketCheckOptions = StoreOptions &
  CheckOptions & {
    onProgress?: OnProgress | undefined;
    /** Claims held in memory at once. */
    maxClaims?: number | undefined;
  };

export async function checkBucket(options: BucketCheckOptions): Promise<BucketCheckReport> {
  const bucket = new PackedBucket(options);
  const packs = new ObjectSum();
  const report = { name: bucket.name, records: 0, newerRecords: 0, packs, frames: 0, absentPacks: 0 };
  for (let start = 0; ; ) {
    const table = new PackClaimTable({ keys: bucket.keys, start, limit: options.maxClaims });
    await readClaims(bucket, table, options, start === 0 ? report : undefined);
    const misclaimed = new Map<string, SoundPack>();
    for await (const { pack, frames, sound } of checkPacks(bucket, table, options)) {
      if (sound !== undefined) misclaimed.set(pack.id, sound);
      packs.add(pack.sizeBytes);
      report.frames += frames;
      options.onProgress?.({ stage: "reading packs", done: packs.count, total: undefined });
    }
    if (misclaimed.size > 0) await checkRecords(bucket, misclaimed, options);
    report.absentPacks += table.leftCount;
    if (table.isLast) return report;
    start = table.end;
  }
}

/** `report`: only in the first round, so that no record is counted twice. */
async function readClaims(
  bucket: PackedBucket,
  table: PackClaimTable,
  options: BucketCheckOptions,
  report: BucketCheckReport | undefined,
): Promise<void> {
  for await (const { ref, record, bad } of readAllRecords(bucket, RECORD_KINDS)) {
    for (const entry of record?.entries ?? []) table.add(entry);
    if (report === undefined) continue;
    report.records++;
    if (bad?.isNewer === true) report.newerRecords++;
    else if (bad !== undefined)
      options.onFinding(await handleBadRecord(bucket, ref.key, bad.reason, options.isRepairing));
    options.onProgress?.({ stage: "reading records", done: report.records, total: undefined });
  }
}

/** Reads all records again and reports, or removes, those with a claim that a sound pack disproves. */
async function checkRecords(
  bucket: PackedBucket,
  packs: ReadonlyMap<string, SoundPack>,
  { onFinding, isRepairing }: CheckOptions,
): Promise<void> {
  for await (const { ref, record } of readAllRecords(bucket, RECORD_KINDS)) {
    const faults = (record?.entries ?? []).map((entry) =>
      packs.get(entry.place?.pack.id ?? "")?.faultOf(entry),
    );
    const fault = faults.find((found) => found !== undefined);
    if (fault !== undefined) onFinding(await handleBadRecord(bucket, ref.key, fault, isRepairing));
  }
}

async function handleBadRecord(
  bucket: PackedBucket,
  where: string,
  reason: string,
  isRepairing: boolean,
): Promise<Finding> {
  if (isRepairing) await bucket.delete(where);
  return { where, what: `it can't be used: ${reason}`, isRemoved: isRepairing };
}
