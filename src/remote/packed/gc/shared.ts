/**
 * `shared/<platform>.json.zst`: a record of kind "shared" with the entries that the newest complete runs of two or more
 * projects share, such as the standard library. A project's first build starts with it.
 */
import { decodeName } from "../../../lib/text/percent-name.ts";
import type { PackedBucket } from "../bucket/packed-bucket.ts";
import type { ListedRecord } from "../bucket/record-census.ts";
import { readRecords } from "../bucket/stored-record.ts";
import { readSegment } from "../bucket/stored-segment.ts";
import { splitParts } from "../format/record-parts.ts";
import { isAccepted, type RecordTrust } from "../format/record-trust.ts";
import { formatRunRecord, inlineSegments, type RunRecord, type SegmentRef } from "../format/run-record.ts";
import { allRows, type Segment } from "../format/segment.ts";
import { newSegment, packSegment } from "../format/segment-builder.ts";
import { SharedEntries } from "./shared-entries.ts";
import type { SharedSource, SharedSources } from "./shared-sources.ts";

const RENEWED_MS = 7 * 24 * 3_600_000;
/** Over all projects of a platform. */
const MAX_SEGMENTS = 64;
const INLINE_BYTES = 512 << 10;

interface SharedOptions {
  bucket: PackedBucket;
  sources: SharedSources;
  /** The shared records that the bucket has. */
  present: readonly ListedRecord[];
  /** Keys of those that nobody can read. */
  damaged: ReadonlySet<string>;
  /** By the store's clock. */
  nowMs: number;
  dryRun: boolean;
  trust?: RecordTrust | undefined;
}

/**
 * Writes the shared records that are a week old, or about to expire, and those of platforms that have none. Removes
 * those of platforms where projects no longer share anything. Keeps a record of a later version, and without a key to
 * sign with a signed one.
 */
export async function updateShared(options: SharedOptions): Promise<{ platform: string; entries: number }[]> {
  const { bucket, sources } = options;
  const present = new Map(options.present.map((record) => [record.key, record]));
  const keys = new Set([...present.keys(), ...sources.platforms.map((platform) => keyOf(bucket, platform))]);
  const report: { platform: string; entries: number }[] = [];
  for (const key of keys) {
    if (!(await isDue(options, key, present.get(key)))) continue;
    const platform = key.slice(key.lastIndexOf("/") + 1, -".json.zst".length);
    const entries = await findShared(options, sources.of(platform));
    if (entries.count > 0) report.push({ platform, entries: entries.count });
    if (!options.dryRun) await replace(options, key, platform, entries);
  }
  return report;
}

async function isDue(
  options: SharedOptions,
  key: string,
  present: ListedRecord | undefined,
): Promise<boolean> {
  if (present === undefined || options.damaged.has(key)) return true;
  const { bucket, trust, nowMs } = options;
  const isOld = Math.abs(nowMs - present.modifiedMs) >= RENEWED_MS;
  const isSigning = trust?.signer !== undefined;
  if (!isOld && !isSigning) return false;
  for await (const { record, bytes } of readRecords(bucket, [present])) {
    // A record of a later version is kept.
    if (record === undefined || bytes === undefined) return false;
    return isSigning ? isOld || !isFresh(key, bytes, trust, nowMs) : !isSigned(bytes, nowMs);
  }
  return false;
}

function isSigned(bytes: Uint8Array<ArrayBuffer>, nowMs: number): boolean {
  const { seal } = splitParts(bytes);
  return seal !== undefined && seal.expiresMs > nowMs;
}

/** Whether the record is accepted, and its signature has more than half of its time left. */
function isFresh(key: string, bytes: Uint8Array<ArrayBuffer>, trust: RecordTrust, nowMs: number): boolean {
  if (!isAccepted(trust.check, key, bytes)) return false;
  return trust.check.check(key, bytes) - nowMs > (trust.signer?.validMs ?? 0) / 2;
}

/** Rejects if a request fails. */
async function findShared(options: SharedOptions, sources: readonly SharedSource[]): Promise<SharedEntries> {
  const entries = new SharedEntries();
  const limit = Math.floor(MAX_SEGMENTS / Math.max(1, sources.length));
  if (sources.length > 1) {
    for (const source of sources.toReversed()) await addProject(options, source, limit, entries);
  }
  return entries;
}

async function addProject(
  { bucket, trust }: SharedOptions,
  { project, records }: SharedSource,
  limit: number,
  entries: SharedEntries,
): Promise<void> {
  let left = limit;
  for await (const { ref, record, bytes } of readRecords(bucket, records)) {
    if (record === undefined || bytes === undefined) continue;
    if (trust !== undefined && !isAccepted(trust.check, ref.key, bytes)) continue;
    const inline = tryTo(() => inlineSegments(bytes, record.segments));
    const wanted = inline === undefined ? [] : record.segments.slice(0, left);
    left -= wanted.length;
    for (const named of wanted) {
      const segment = await findSegment(bucket, named, inline);
      if (segment !== undefined) tryTo(() => addUsed(project, named, segment, entries));
    }
  }
}

/** `undefined`: it is gone or damaged. */
async function findSegment(
  bucket: PackedBucket,
  ref: SegmentRef,
  inline: ReadonlyMap<string, Buffer<ArrayBuffer>> | undefined,
): Promise<Segment | undefined> {
  const within = inline?.get(ref.id);
  if (within !== undefined) return tryTo(() => newSegment(within).segment);
  return (await readSegment(bucket, ref)).segment;
}

function addUsed(project: string, { used }: SegmentRef, segment: Segment, entries: SharedEntries): void {
  for (const [, entry] of segment.entries(used?.list() ?? allRows(segment))) entries.add(project, entry);
}

/** `undefined` for what is damaged. */
function tryTo<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

async function replace(
  { bucket, trust }: SharedOptions,
  key: string,
  platform: string,
  entries: SharedEntries,
): Promise<void> {
  const signer = trust?.signer;
  if (entries.count === 0) {
    await bucket.delete(key);
    return;
  }
  const { segment, bytes } = entries.seal();
  const object = await packSegment(bytes);
  const isInline = object.length <= INLINE_BYTES;
  if (!isInline) await bucket.write(bucket.keys.segment(segment.id), object);
  const record: RunRecord = {
    kind: "shared",
    about: { platform: decodeName(platform) },
    segments: [{ id: segment.id, rows: segment.rows, prefix: bucket.prefix, isInline, used: undefined }],
  };
  const written = await formatRunRecord(record, new Map([[segment.id, bytes]]));
  await bucket.write(key, signer?.sign(key, written) ?? written);
}

/** Does not use `PackedKeys.shared`, which would encode the name again. */
function keyOf(bucket: PackedBucket, platform: string): string {
  return `${bucket.keys.root}shared/${platform}.json.zst`;
}
