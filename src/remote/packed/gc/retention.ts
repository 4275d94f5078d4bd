/** Which records stay, by their listing alone. */

import { listedRuns, runsToKeep } from "../../runs/choose-runs.ts";
import type { ListedRecord } from "../bucket/record-census.ts";
import { MAX_RECORD_BYTES } from "../format/run-record.ts";

const ADDITION_AGE_MS = 3 * 24 * 3_600_000;

/** When it is, by the store's clock, and what is old. */
export interface Age {
  nowMs: number;
  olderThanMs: number;
}

/**
 * The records to remove. `records`: all of one folder, of one kind. Of a job the runs stay that readers may need; all of
 * it goes when nothing was written for long.
 */
export function recordsToRemove(records: readonly ListedRecord[], age: Age): ListedRecord[] {
  const kind = records[0]?.kind;
  if (kind === "run" || kind === "mod") return runsToRemove(records, age);
  if (kind === "shared") return [];
  const limitMs = kind === "new" ? Math.min(age.olderThanMs, ADDITION_AGE_MS) : age.olderThanMs;
  return records.filter((record) => isOld(record, { ...age, olderThanMs: limitMs }));
}

function runsToRemove(records: readonly ListedRecord[], age: Age): ListedRecord[] {
  // Without times, nobody knows which run is the newest.
  if (records.some(({ modifiedMs }) => modifiedMs <= 0)) return [];
  if (records.every((record) => isOld(record, age))) return [...records];
  const runs = listedRuns(records, MAX_RECORD_BYTES);
  const keysOf = (some: typeof runs) => new Set(some.flatMap((run) => run.records.map(({ key }) => key)));
  const [all, kept] = [keysOf(runs), keysOf(runsToKeep(runs))];
  return records.filter((record) => (all.has(record.key) ? !kept.has(record.key) : isOld(record, age)));
}

function isOld({ modifiedMs }: ListedRecord, { nowMs, olderThanMs }: Age): boolean {
  // 0 means that the server sent no time.
  return modifiedMs > 0 && nowMs - modifiedMs >= olderThanMs;
}
