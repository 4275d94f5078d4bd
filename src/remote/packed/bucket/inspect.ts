/** Counts the contents of a bucket by scope. Reads every record. */

import { ObjectSum } from "../../../lib/object-sum.ts";
import type { OnProgress } from "../../../lib/progress.ts";
import { decodeName } from "../../../lib/text/percent-name.ts";
import type { StoreOptions } from "../../patient-store.ts";
import { PackNames } from "./pack-names.ts";
import { PackedBucket } from "./packed-bucket.ts";
import { folderOf, isRun, type ListedRecord, listRecords, newestRuns, type RunOf } from "./record-census.ts";
import { type Counts, ScopeCounts } from "./scope-count.ts";

/** One job of one branch. The counts cover the entries of its newest run. */
interface ScopeReport extends Counts {
  platform: string;
  project: string;
  branch: string;
  job: string;
  /** The number of runs with records. */
  runs: number;
  /** The time of the newest record, by the store's clock. */
  newestMs: number;
}

export interface BucketReport {
  /** Such as `s3://bucket/prefix/packed/v1/`. */
  name: string;
  /** The store's clock. */
  serverTimeMs: number;
  scopes: ScopeReport[];
  totals: {
    runRecords: number;
    additions: number;
    sharedRecords: number;
    packs: ObjectSum;
    /** Packs that no record references. */
    unnamedPacks: ObjectSum;
    /** Bytes of the packs that the newest runs of all scopes use. */
    usedBytes: number;
  };
  /** The first few records that can't be read. */
  unreadable: { key: string; reason: string }[];
}

export async function inspectBucket(
  options: StoreOptions & { onProgress?: OnProgress },
): Promise<BucketReport> {
  const bucket = new PackedBucket(options);
  const onProgress = options.onProgress ?? (() => {});
  const { records, serverTimeMs } = await listAll(bucket);
  const jobs = Map.groupBy(records.filter(isRun), folderOf);
  const newest = new Set<ListedRecord>(newestRuns(records));
  const names = new PackNames();
  const counts = new ScopeCounts();
  let done = 0;
  const inOrder = [...[...jobs.values()].flat(), ...records.filter((record) => !isRun(record))];
  await names.read(bucket, inOrder, (ref, { entries }) => {
    if (newest.has(ref)) counts.add(folderOf(ref), entries);
    done++;
    onProgress({ stage: "reading records", done, total: records.length });
  });
  const packs = await countPacks(bucket, names, onProgress);
  const countOf = counts.finish();
  return {
    name: bucket.name,
    serverTimeMs,
    scopes: [...jobs].map(([folder, runs]) => toReport(runs, countOf.get(folder) ?? NOTHING)),
    totals: { ...countKinds(records), ...packs, usedBytes: counts.total.bytes },
    unreadable: names.unreadable,
  };
}

const NOTHING: Counts = { entries: 0, packs: 0, packBytes: 0, usedBytes: 0 };

async function listAll(bucket: PackedBucket) {
  const all: ListedRecord[] = [];
  let now = 0;
  for await (const { records, serverTimeMs } of listRecords(bucket, ["run", "head", "new", "shared"])) {
    all.push(...records);
    now = serverTimeMs;
  }
  return { records: all, serverTimeMs: now };
}

function toReport(runs: RunOf[], counts: Counts): ScopeReport {
  const name = (part: "platform" | "project" | "branch" | "job") => decodeName(runs[0]?.scope[part] ?? "");
  return {
    platform: name("platform"),
    project: name("project"),
    branch: name("branch"),
    job: name("job"),
    runs: new Set(runs.map((run) => run.scope.run)).size,
    ...counts,
    newestMs: runs.reduce((latest, { modifiedMs }) => Math.max(latest, modifiedMs), 0),
  };
}

function countKinds(records: ListedRecord[]) {
  const countOf = (kind: ListedRecord["kind"]) => records.filter((record) => record.kind === kind).length;
  return { runRecords: countOf("run"), additions: countOf("new"), sharedRecords: countOf("shared") };
}

async function countPacks(bucket: PackedBucket, names: PackNames, onProgress: OnProgress) {
  const all = new ObjectSum();
  const unnamedPacks = new ObjectSum();
  for await (const { packs } of bucket.listPacks()) {
    for (const { id, sizeBytes } of packs) {
      all.add(sizeBytes);
      if (!names.has(id)) unnamedPacks.add(sizeBytes);
    }
    onProgress({ stage: "listing packs", done: all.count, total: undefined });
  }
  return { packs: all, unnamedPacks };
}
