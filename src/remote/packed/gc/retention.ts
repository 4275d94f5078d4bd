/** Which records stay, by their listing alone. */

import { listedRuns, runsToKeep } from "../../runs/choose-runs.ts";
import type { ListedRecord } from "../bucket/record-census.ts";
import { additionsToKeep } from "../format/choose-additions.ts";
import { additionScopeHash } from "../format/keys.ts";
import { MAX_RECORD_BYTES } from "../format/run-record.ts";

const ADDITION_AGE_MS = 3 * 24 * 3_600_000;

/** When it is, by the store's clock, and what is old. */
export interface Age {
  nowMs: number;
  olderThanMs: number;
}

/**
 * The records to remove. `records`: all of one folder, of one kind, in the order of their names. Of a job the runs stay
 * that readers may need; all of it goes when nothing was written for long. Of a project's additions those stay that
 * somebody reads.
 */
export function recordsToRemove(records: readonly ListedRecord[], age: Age): ListedRecord[] {
  const kind = records[0]?.kind;
  if (kind === "run" || kind === "mod") return runsToRemove(records, age);
  if (kind === "new") return additionsToRemove(records, age);
  return kind === "shared" ? [] : records.filter((record) => isOld(record, age));
}

function additionsToRemove(records: readonly ListedRecord[], age: Age): ListedRecord[] {
  const kept = additionsToKeep(records);
  const olderThanMs = Math.min(age.olderThanMs, ADDITION_AGE_MS);
  return records.filter((record) => {
    // Nobody knows what another name means.
    const isUnread = additionScopeHash(record.key) !== undefined && !kept.has(record);
    return isUnread || isOld(record, { ...age, olderThanMs });
  });
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
