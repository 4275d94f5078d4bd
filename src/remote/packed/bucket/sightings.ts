/** Finds the records of a bucket that name given actions. */

import type { OnProgress } from "../../../lib/progress.ts";
import { encodeName } from "../../../lib/text/percent-name.ts";
import type { StoreOptions } from "../../patient-store.ts";
import { isAccepted, type RecordCheck } from "../format/record-trust.ts";
import type { NewSegment } from "../format/segment-builder.ts";
import { digestRecords } from "./digest-records.ts";
import { PackedBucket } from "./packed-bucket.ts";
import type { ListedRecord } from "./record-census.ts";
import { listWanted } from "./stored-record.ts";

/** The number of sightings kept per action. */
const MAX_SIGHTINGS = 8;

/** In memory, of an action that a segment has. */
const ACTION_BYTES = 16;

/** A job with a record that names an action. */
export interface Sighting {
  project: string;
  branch: string;
  job: string;
  /** The time of the record's newest write, by the store's clock. */
  writtenMs: number;
  /** Whether the record is accepted; always `true` without a check. */
  isTrusted: boolean;
}

/**
 * Reads every record of a platform, with its segments. `wanted`: actions, each with a time (ms); only entries put before that time count.
 * Returns one sighting per job. Rejects if a request fails.
 */
export async function findSightings(
  options: StoreOptions & {
    platform: string;
    wanted: ReadonlyMap<string, number>;
    check: RecordCheck | undefined;
    onProgress: OnProgress;
  },
): Promise<Map<string, Sighting[]>> {
  const { platform, wanted, check, onProgress } = options;
  const bucket = new PackedBucket(options);
  const found = new Map<string, Sighting[]>();
  let done = 0;
  const isWanted = (ref: ListedRecord) => isOfPlatform(ref, bucket.keys.root, platform);
  const refs = listWanted(bucket, ["run", "new", "shared"], isWanted);
  const digester = {
    digest: (made: NewSegment) => seenIn(made, wanted),
    weigh: (actionIds: string[]) => ACTION_BYTES * actionIds.length,
  };
  for await (const { ref, record, bytes, segments } of digestRecords(bucket, refs, digester)) {
    onProgress({ stage: "reading records", done: ++done, total: undefined });
    if (record === undefined || bytes === undefined) continue;
    const isTrusted = check === undefined || isAccepted(check, ref.key, bytes);
    const { project = "", branch = "", job = "" } = record.about;
    const sighting = { project, branch, job, writtenMs: ref.modifiedMs, isTrusted };
    for (const { digest } of segments) for (const actionId of digest ?? []) note(found, actionId, sighting);
  }
  return found;
}

/** The wanted actions of a segment that were put in time. */
function seenIn({ segment }: NewSegment, wanted: ReadonlyMap<string, number>): string[] {
  return [...wanted.keys()].filter((actionId) => {
    const row = segment.findAction(actionId);
    const entry = row === undefined ? undefined : segment.entry(row);
    return entry !== undefined && entry.putTimeMs < (wanted.get(actionId) ?? 0);
  });
}

/** `run/<platform>/…`, `new/<platform>/…`, `shared/<platform>.json.zst`. */
function isOfPlatform({ key }: ListedRecord, root: string, platform: string): boolean {
  const name = key.slice(root.length).split("/")[1];
  return name === encodeName(platform) || name === `${encodeName(platform)}.json.zst`;
}

function note(found: Map<string, Sighting[]>, actionId: string, sighting: Sighting): void {
  const known = found.get(actionId) ?? [];
  found.set(actionId, known);
  const same = known.find((other) => isSameJob(other, sighting));
  if (same !== undefined) same.writtenMs = Math.max(same.writtenMs, sighting.writtenMs);
  else if (known.length < MAX_SIGHTINGS) known.push({ ...sighting });
}

function isSameJob(a: Sighting, b: Sighting): boolean {
  const areSame = a.project === b.project && a.branch === b.branch && a.job === b.job;
  return areSame && a.isTrusted === b.isTrusted;
}
