/** The second half of a collection: removes packs that no record has referenced for two days. */

import { mapAhead } from "../../../lib/async/map-ahead.ts";
import { ObjectSum } from "../../../lib/object-sum.ts";
import type { OnProgress } from "../../../lib/progress.ts";
import { CandidateList, readCandidates } from "./gc-candidates.ts";
import type { PackReport } from "./gc-report.ts";
import type { PackNames } from "./pack-names.ts";
import type { PackedBucket, StoredPack } from "./packed-bucket.ts";
import { type ListedRecord, listRecords } from "./record-census.ts";

/** Concurrent delete requests. */
const PARALLEL_REMOVALS = 16;
/** Times in listings may be rounded to whole seconds. */
const CLOCK_STEP_MS = 2_000;

interface PackRound {
  bucket: PackedBucket;
  /** The packs that records referenced at `listedMs`. */
  names: PackNames;
  /** The start of the listing of records, by the store's clock. */
  listedMs: number;
  dryRun: boolean;
  onProgress: OnProgress;
}

/**
 * Notes the unreferenced packs and removes those that have been unreferenced for long. Writes the list of candidates
 * first, so that an interrupted collection can simply be repeated. Returns `undefined`, and removes nothing, if a
 * record written in the meantime can't be read.
 */
export async function collectPacks(round: PackRound): Promise<PackReport | undefined> {
  const { bucket, names, dryRun } = round;
  const report = { removed: new ObjectSum(), left: new ObjectSum(), unnamed: new ObjectSum() };
  const due = await noteUnnamed(round, report);
  // Reading the records takes time; a run may have referenced an old pack in the meantime.
  if (due.length > 0) await names.read(bucket, await writtenSince(bucket, round.listedMs - CLOCK_STEP_MS));
  if (names.unreadable.length > 0) return undefined;
  const unwanted = due.filter(({ id }) => !names.has(id));
  for (const { sizeBytes } of unwanted) report.removed.add(sizeBytes);
  if (!dryRun) await removeAll(round, unwanted);
  return {
    ...report,
    left: less(report.left, report.removed),
    unnamed: less(report.unnamed, report.removed),
  };
}

/** Removes objects with concurrent requests. */
export async function deleteAll(
  bucket: PackedBucket,
  keys: Iterable<string>,
  onDeleted: () => void = () => {},
): Promise<void> {
  for await (const _ of mapAhead(keys, PARALLEL_REMOVALS, (key) => bucket.delete(key))) onDeleted();
}

/** Updates the list of candidates and returns the packs that are due for removal. */
async function noteUnnamed({ bucket, names, dryRun, onProgress }: PackRound, report: PackReport) {
  const list = new CandidateList(await readCandidates(bucket));
  const due: StoredPack[] = [];
  for await (const { packs, serverTimeMs } of bucket.listPacks()) {
    for (const pack of packs) {
      report.left.add(pack.sizeBytes);
      if (names.has(pack.id)) continue;
      report.unnamed.add(pack.sizeBytes);
      if (list.note(pack, serverTimeMs)) due.push(pack);
    }
    onProgress({ stage: "listing packs", done: report.left.count, total: undefined });
  }
  if (!dryRun) await list.save(bucket);
  return due;
}

async function writtenSince(bucket: PackedBucket, sinceMs: number): Promise<ListedRecord[]> {
  const written: ListedRecord[] = [];
  for await (const { records } of listRecords(bucket, ["run", "head", "new"])) {
    written.push(...records.filter(({ modifiedMs }) => modifiedMs >= sinceMs));
  }
  return written;
}

async function removeAll({ bucket, onProgress }: PackRound, packs: StoredPack[]): Promise<void> {
  let done = 0;
  const keys = packs.map(({ id }) => bucket.keys.pack(id));
  await deleteAll(bucket, keys, () => {
    done++;
    onProgress({ stage: "removing packs", done, total: packs.length });
  });
}

function less(all: ObjectSum, part: ObjectSum): ObjectSum {
  const rest = new ObjectSum();
  rest.count = all.count - part.count;
  rest.sizeBytes = all.sizeBytes - part.sizeBytes;
  return rest;
}
