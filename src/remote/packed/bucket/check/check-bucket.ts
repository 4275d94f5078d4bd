/**
 * Checks the packed layout of a bucket: that records and segments are readable, and that packs match what they say.
 * Everything below another prefix is left to a check of that prefix.
 */

import { mapAhead } from "../../../../lib/async/map-ahead.ts";
import { IdTable } from "../../../../lib/id-table.ts";
import { ObjectSum } from "../../../../lib/object-sum.ts";
import type { OnProgress } from "../../../../lib/progress.ts";
import type { CheckOptions } from "../../../../store/finding.ts";
import type { StoreOptions } from "../../../patient-store.ts";
import { PackedKeys } from "../../format/keys.ts";
import type { SegmentRef } from "../../format/run-record.ts";
import { allRows } from "../../format/segment.ts";
import type { NewSegment } from "../../format/segment-builder.ts";
import { type DigestedSegment, digestRecords } from "../digest-records.ts";
import { PackedBucket } from "../packed-bucket.ts";
import { listWanted, type ReadRecord } from "../stored-record.ts";
import { listSegments, readSegment } from "../stored-segment.ts";
import { checkPacks } from "./check-packs.ts";
import { PackClaimTable } from "./pack-claims.ts";
import { segmentFault } from "./segment-check.ts";
import type { SoundPack } from "./sound-pack.ts";

const RECORD_KINDS = ["run", "head", "new", "shared"] as const;
/** Segments without a record that are read at once. */
const PARALLEL_SEGMENTS = 4;

export interface BucketCheckReport {
  /** Such as `s3://bucket/prefix/packed/v1/`. */
  name: string;
  records: number;
  /** Records of a later version of this program, which are not checked. */
  newerRecords: number;
  /** The objects; small segments are in the records. */
  segments: ObjectSum;
  /** Segments that records name but the bucket lacks: a miss, not an error. */
  absentSegments: number;
  packs: ObjectSum;
  frames: number;
  /** Packs that segments of records name but the bucket lacks: a miss, not an error. */
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
  const report: BucketCheckReport = {
    name: bucket.name,
    records: 0,
    newerRecords: 0,
    segments: new ObjectSum(),
    absentSegments: 0,
    packs: new ObjectSum(),
    frames: 0,
    absentPacks: 0,
  };
  for (let start = 0; ; ) {
    const table = new PackClaimTable({ keys: bucket.keys, start, limit: options.maxClaims });
    if (start === 0) await checkIndex(bucket, table, options, report);
    else await readClaims(bucket, table);
    const misclaimed = new Map<string, SoundPack>();
    for await (const { pack, frames, sound } of checkPacks(bucket, table, options)) {
      if (sound !== undefined) misclaimed.set(pack.id, sound);
      report.packs.add(pack.sizeBytes);
      report.frames += frames;
      options.onProgress?.({ stage: "reading packs", done: report.packs.count, total: undefined });
    }
    if (misclaimed.size > 0) await checkClaims(bucket, misclaimed, options);
    report.absentPacks += table.leftCount;
    if (table.isLast) return report;
    start = table.end;
  }
}

/** Checks all records and segments, and collects the claims of the segments that records name. */
async function checkIndex(
  bucket: PackedBucket,
  table: PackClaimTable,
  options: BucketCheckOptions,
  report: BucketCheckReport,
): Promise<void> {
  const findings = new IndexFindings(bucket, options);
  for await (const read of walk(bucket, (made) => claimsOf(made, table))) {
    report.records++;
    if (read.bad?.isNewer === true) report.newerRecords++;
    else if (read.bad !== undefined) await findings.badRecord(read.ref.key, read.bad.reason);
    else report.absentSegments += await findings.noteSegments(read);
    options.onProgress?.({ stage: "reading records", done: report.records, total: undefined });
  }
  const unnamed = mapAhead(listSegments(bucket), PARALLEL_SEGMENTS, async ({ id, sizeBytes }) => {
    report.segments.add(sizeBytes);
    return {
      id,
      fault: findings.isNamed(id) ? undefined : await faultOfObject(bucket, { id, prefix: options.prefix }),
    };
  });
  for await (const { id, fault } of unnamed) {
    if (fault !== undefined) await findings.badSegment(id, fault);
    options.onProgress?.({ stage: "reading segments", done: report.segments.count, total: undefined });
  }
}

async function readClaims(bucket: PackedBucket, table: PackClaimTable): Promise<void> {
  for await (const _ of walk(bucket, (made) => claimsOf(made, table)));
}

/** Reads everything again and reports, or removes, each record and segment with a claim that a sound pack disproves. */
async function checkClaims(
  bucket: PackedBucket,
  packs: ReadonlyMap<string, SoundPack>,
  options: CheckOptions,
): Promise<void> {
  const findings = new IndexFindings(bucket, options);
  const disproof = ({ segment }: NewSegment): Digest => {
    for (const [, entry] of segment.entries(allRows(segment))) {
      const fault = packs.get(entry.place?.pack.id ?? "")?.faultOf(entry);
      if (fault !== undefined) return { fault };
    }
    return SOUND;
  };
  for await (const read of walk(bucket, disproof)) await findings.noteSegments(read);
}

/** Why a segment is wrong; `undefined`: it is not. */
interface Digest {
  fault: string | undefined;
}

const SOUND: Digest = { fault: undefined };

/** All records, and what `digest` says of their segments below this prefix. */
function walk(bucket: PackedBucket, digest: (made: NewSegment) => Digest) {
  const isHere = ({ prefix, isInline }: SegmentRef) =>
    isInline || new PackedKeys(prefix).root === bucket.keys.root;
  return digestRecords(bucket, listWanted(bucket, RECORD_KINDS), { digest, isWanted: isHere });
}

function claimsOf(made: NewSegment, table: PackClaimTable): Digest {
  const fault = segmentFault(made);
  if (fault !== undefined) return { fault };
  for (const [, entry] of made.segment.entries(allRows(made.segment))) table.add(entry);
  return SOUND;
}

async function faultOfObject(
  bucket: PackedBucket,
  ref: Pick<SegmentRef, "id" | "prefix">,
): Promise<string | undefined> {
  const { segment, bytes, reason } = await readSegment(bucket, ref);
  return segment === undefined || bytes === undefined ? reason : segmentFault({ segment, bytes });
}

/** Reports, or removes, wrong records and segment objects. A fault of an inline segment is one of its record. */
class IndexFindings {
  readonly #bucket: PackedBucket;
  readonly #options: CheckOptions;
  /** The segment objects that records name. */
  readonly #named = new IdTable();

  constructor(bucket: PackedBucket, options: CheckOptions) {
    this.#bucket = bucket;
    this.#options = options;
  }

  isNamed(segmentId: string): boolean {
    return this.#named.has(segmentId);
  }

  async badRecord(key: string, reason: string): Promise<void> {
    await this.#find(key, reason);
  }

  async badSegment(id: string, reason: string): Promise<void> {
    await this.#find(this.#bucket.keys.segment(id), reason);
  }

  /** Returns how many absent segments this record is the first to name. */
  async noteSegments({
    ref,
    segments,
  }: ReadRecord<{ key: string }> & { segments: DigestedSegment<Digest>[] }) {
    let absent = 0;
    let fault: string | undefined;
    for (const segment of segments) {
      if (segment.fault?.of === "record") fault ??= segment.fault.reason;
      else if (segment.ref.isInline) fault ??= segment.digest?.fault;
      else if (this.#named.set(segment.ref.id) === 0) absent += Number(await this.#noteObject(segment));
    }
    if (fault !== undefined) await this.badRecord(ref.key, fault);
    return absent;
  }

  /** Returns whether it is absent. */
  async #noteObject({ ref, digest, fault }: DigestedSegment<Digest>): Promise<boolean> {
    const reason = fault?.reason ?? digest?.fault;
    if (reason !== undefined) await this.badSegment(ref.id, reason);
    return reason === undefined && digest === undefined;
  }

  async #find(where: string, reason: string): Promise<void> {
    const { isRepairing, onFinding } = this.#options;
    if (isRepairing) await this.#bucket.delete(where);
    onFinding({ where, what: `it can't be used: ${reason}`, isRemoved: isRepairing });
  }
}
