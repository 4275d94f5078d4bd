/**
 * Which runs of a job matter, by its listing alone. A reader needs the newest complete run, and those after it on top.
 * An unfinished, failed or cancelled run hides nothing then.
 */
import type { ListedObject } from "../../store/object-store.ts";
import { parseRunName } from "./run-names.ts";

/** How many complete runs of a job are kept, and how many others after the newest complete one. */
const KEPT_COMPLETE = 4;
const KEPT_OTHERS = 4;
/**
 * A run counts as complete once it says that it has ended, or when a later one has begun. A failed run ends, too, so a
 * run that has used less than this of what the largest has used never counts.
 */
const LARGE_SHARE = 0.9;
/** A job that has shrunk, or does nothing but fail, is compared with its earlier runs for this long. */
const COMPARED_MS = 14 * 24 * 3_600_000;

/** A run of a job, with the records of all its machines, the last written first. */
export interface ListedRun {
  records: ListedObject[];
  /** The time of its last write. */
  modifiedMs: number;
  isComplete: boolean;
}

/** The runs of one job, the last written first. Ignores what is no run record, or is larger than `maxBytes`. */
export function listedRuns(objects: readonly ListedObject[], maxBytes: number): ListedRun[] {
  const records = objects
    .filter(({ key, sizeBytes }) => sizeBytes <= maxBytes && parseRunName(key) !== undefined)
    .sort((a, b) => b.modifiedMs - a.modifiedMs);
  const runs = [...Map.groupBy(records, ({ key }) => parseRunName(key)?.run).values()];
  const newestMs = records[0]?.modifiedMs ?? 0;
  const compared = runs.filter((run) => newestMs - modifiedMsOf(run) <= COMPARED_MS);
  const largest = Math.max(0, ...compared.map(sizeOf));
  return runs.map((run, at) => {
    const hasEnded = at > 0 || run.some(saysEnded);
    const isComplete = hasEnded && sizeOf(run) >= LARGE_SHARE * largest;
    return { records: run, modifiedMs: modifiedMsOf(run), isComplete };
  });
}

/** The runs to read, the last written first. */
export function runsToRead(runs: readonly ListedRun[]): ListedRun[] {
  const complete = runs.findIndex(({ isComplete }) => isComplete);
  if (complete === -1) return newerRuns(runs);
  return [...newerRuns(runs.slice(0, complete)), runs[complete] as ListedRun];
}

/** The runs to keep. No reader needs the others. */
export function runsToKeep(runs: readonly ListedRun[]): ListedRun[] {
  const complete = runs.findIndex(({ isComplete }) => isComplete);
  return [
    ...newerRuns(complete === -1 ? runs : runs.slice(0, complete)),
    ...runs.filter(({ isComplete }) => isComplete).slice(0, KEPT_COMPLETE),
  ];
}

/**
 * Of the runs that are not complete as far as the listing says: the newest, and the newest that is as good as whole
 * beside the others. A job that has shrunk for good goes on with that one, however many fail after it.
 */
function newerRuns(runs: readonly ListedRun[]): ListedRun[] {
  const kept = runs.slice(0, KEPT_OTHERS);
  const fullest = newestFull(runs);
  if (fullest === undefined || kept.includes(fullest)) return kept;
  return [...kept.slice(0, -1), fullest];
}

function newestFull(runs: readonly ListedRun[]): ListedRun | undefined {
  const largest = Math.max(0, ...runs.map(({ records }) => sizeOf(records)));
  return runs.find(({ records }) => sizeOf(records) >= LARGE_SHARE * largest);
}

function saysEnded({ key }: ListedObject): boolean {
  return parseRunName(key)?.hasEnded === true;
}

function modifiedMsOf(records: readonly ListedObject[]): number {
  return records[0]?.modifiedMs ?? 0;
}

/** Of its largest record, in entries, else in bytes: several machines may share a run. */
function sizeOf(records: readonly ListedObject[]): number {
  return Math.max(0, ...records.map(({ key, sizeBytes }) => parseRunName(key)?.entries ?? sizeBytes));
}
