/** Counts the contents of a bucket by scope. Reads every record, and every segment that one names. */

import { IdTable } from "../../../../lib/id-table.ts";
import { ObjectSum } from "../../../../lib/object-sum.ts";
import type { OnProgress } from "../../../../lib/progress.ts";
import { decodeName } from "../../../../lib/text/percent-name.ts";
import type { StoreOptions } from "../../../patient-store.ts";
import { type ListedRun, listedRuns, runsToRead } from "../../../runs/choose-runs.ts";
import { MAX_RECORD_BYTES } from "../../format/run-record.ts";
import { type DigestedSegment, digestRecords } from "../digest-records.ts";
import { PackedBucket } from "../packed-bucket.ts";
import { folderOf, isRun, type ListedRecord, listRecords, type RunOf } from "../record-census.ts";
import { listSegments } from "../stored-segment.ts";
import { type Counts, ScopeCounts } from "./scope-count.ts";
import { factsOf, PackTable, type SegmentFacts, weighFacts } from "./segment-facts.ts";

/** The number of unreadable records to report. */
const MAX_UNREADABLE = 20;

/** One job of one branch. The counts cover the entries that the runs used which a reader reads. */
interface ScopeReport extends Counts {
  platform: string;
  project: string;
  branch: string;
  job: string;
  /** The number of runs with records. */
  runs: number;
  /** How many of them are complete. */
  completeRuns: number;
  /** The time of the newest record, by the store's clock. */
  newestMs: number;
}

/** What is known of garbage collections of this bucket. */
interface CollectionState {
  /** When the last one finished (ms), by the store's clock; `undefined`: never. */
  finishedMs: number | undefined;
  /** Whether one has begun since and not finished. */
  isUnfinished: boolean;
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
    /** The objects; small segments are in the records. */
    segments: ObjectSum;
    /** Segment objects that no record names. */
    unnamedSegments: ObjectSum;
    /** Segments that records name and nobody can read. */
    absentSegments: number;
    packs: ObjectSum;
    /** Packs that no record's segment names. */
    unnamedPacks: ObjectSum;
    /** Bytes of the packs that the scopes use. */
    usedBytes: number;
  };
  /** `undefined`: it was not asked for. */
  collection: CollectionState | undefined;
  /** The first few records, and segments of records, that can't be read. */
  unreadable: { key: string; reason: string }[];
}

type InspectOptions = StoreOptions & {
  readCollection?: ((bucket: PackedBucket) => Promise<CollectionState>) | undefined;
  onProgress?: OnProgress | undefined;
};

export async function inspectBucket(options: InspectOptions): Promise<BucketReport> {
  const bucket = new PackedBucket(options);
  const onProgress = options.onProgress ?? (() => {});
  const { records, serverTimeMs } = await listAll(bucket);
  const jobs = [...Map.groupBy(records.filter(isRun), folderOf)].map(([folder, runs]) => toJob(folder, runs));
  const count = new BucketCount();
  const wanted = new Set(jobs.flatMap(({ readKeys }) => readKeys));
  const inOrder = [...jobs.flatMap(({ runs }) => runs), ...records.filter((record) => !isRun(record))];
  let done = 0;
  const digested = digestRecords<ListedRecord, SegmentFacts>(bucket, inOrder, count);
  for await (const { ref, bad, segments } of digested) {
    if (bad !== undefined) count.noteUnreadable(ref.key, bad.reason);
    for (const segment of segments) count.add(ref, segment, wanted.has(ref.key));
    onProgress({ stage: "reading records", done: ++done, total: records.length });
  }
  const stored = {
    ...(await countSegments(bucket, count, onProgress)),
    ...(await countPacks(bucket, count, onProgress)),
  };
  const countOf = count.scopes.finish();
  return {
    name: bucket.name,
    serverTimeMs,
    scopes: jobs.map((job) => toReport(job, countOf.get(job.folder) ?? NOTHING)),
    totals: {
      ...countKinds(records),
      ...stored,
      absentSegments: count.absentSegments,
      usedBytes: count.scopes.total.bytes,
    },
    collection: await options.readCollection?.(bucket),
    unreadable: count.unreadable,
  };
}

const NOTHING: Counts = { entries: 0, packs: 0, packBytes: 0, usedBytes: 0 };

/** What the records say. */
class BucketCount {
  readonly packs = new PackTable();
  readonly scopes = new ScopeCounts(this.packs);
  readonly unreadable: { key: string; reason: string }[] = [];
  /** 1: a record names it; 2: and it can't be read. */
  readonly #segments = new IdTable();
  absentSegments = 0;
  readonly weigh = weighFacts;

  digest = ({ segment }: { segment: Parameters<typeof factsOf>[0] }): SegmentFacts =>
    factsOf(segment, this.packs);

  add(
    ref: ListedRecord,
    { ref: { id, used }, digest, fault }: DigestedSegment<SegmentFacts>,
    isWanted: boolean,
  ) {
    const isKnown = this.#segments.set(id, digest === undefined ? 2 : 1) !== 0;
    if (digest !== undefined && isWanted) this.scopes.add(folderOf(ref), digest, used);
    if (digest !== undefined || isKnown) return;
    this.absentSegments++;
    if (fault !== undefined) this.noteUnreadable(ref.key, fault.reason);
  }

  namesSegment(id: string): boolean {
    return this.#segments.has(id);
  }

  noteUnreadable(key: string, reason: string): void {
    if (this.unreadable.length < MAX_UNREADABLE) this.unreadable.push({ key, reason });
  }
}

async function listAll(bucket: PackedBucket) {
  const all: ListedRecord[] = [];
  let now = 0;
  for await (const { records, serverTimeMs } of listRecords(bucket, ["run", "head", "new", "shared"])) {
    all.push(...records);
    now = serverTimeMs;
  }
  return { records: all, serverTimeMs: now };
}

interface Job {
  folder: string;
  runs: RunOf[];
  listed: ListedRun[];
  /** The keys of the records that readers of this job read. */
  readKeys: string[];
}

function toJob(folder: string, runs: RunOf[]): Job {
  const listed = listedRuns(
    runs.map((run) => ({ ...run, etag: "" })),
    MAX_RECORD_BYTES,
  );
  const readKeys = runsToRead(listed).flatMap(({ records }) => records.map(({ key }) => key));
  return { folder, runs, listed, readKeys };
}

function toReport({ runs, listed }: Job, counts: Counts): ScopeReport {
  const name = (part: "platform" | "project" | "branch" | "job") => decodeName(runs[0]?.scope[part] ?? "");
  return {
    platform: name("platform"),
    project: name("project"),
    branch: name("branch"),
    job: name("job"),
    runs: new Set(runs.map((run) => run.scope.run)).size,
    completeRuns: listed.filter(({ isComplete }) => isComplete).length,
    ...counts,
    newestMs: runs.reduce((latest, { modifiedMs }) => Math.max(latest, modifiedMs), 0),
  };
}

function countKinds(records: ListedRecord[]) {
  const countOf = (kind: ListedRecord["kind"]) => records.filter((record) => record.kind === kind).length;
  return { runRecords: countOf("run"), additions: countOf("new"), sharedRecords: countOf("shared") };
}

async function countSegments(bucket: PackedBucket, count: BucketCount, onProgress: OnProgress) {
  const segments = new ObjectSum();
  const unnamedSegments = new ObjectSum();
  for await (const { id, sizeBytes } of listSegments(bucket)) {
    segments.add(sizeBytes);
    if (!count.namesSegment(id)) unnamedSegments.add(sizeBytes);
    onProgress({ stage: "listing segments", done: segments.count, total: undefined });
  }
  return { segments, unnamedSegments };
}

async function countPacks(bucket: PackedBucket, count: BucketCount, onProgress: OnProgress) {
  const packs = new ObjectSum();
  const unnamedPacks = new ObjectSum();
  for await (const page of bucket.listPacks()) {
    for (const { id, sizeBytes } of page.packs) {
      packs.add(sizeBytes);
      if (!count.packs.has(id)) unnamedPacks.add(sizeBytes);
    }
    onProgress({ stage: "listing packs", done: packs.count, total: undefined });
  }
  return { packs, unnamedPacks };
}
