/** All records of a bucket, by what their keys say. */
import type { ListedObject } from "../../../store/object-store.ts";
import { parseRunName } from "../../runs/run-names.ts";
import type { PackedBucket } from "./packed-bucket.ts";

/** A job's scope as in the key, and the run. */
interface KeyScope {
  platform: string;
  project: string;
  branch: string;
  job: string;
  run: string;
}

export interface ListedRecord {
  key: string;
  sizeBytes: number;
  modifiedMs: number;
  /** `head`: a copy of a run's record; `mod`: what a job used of the module proxy, which names no packs. */
  kind: "run" | "head" | "new" | "shared" | "mod";
  /** Only of a run's record with a well-formed key. */
  scope: KeyScope | undefined;
}

export interface RecordPage {
  records: ListedRecord[];
  serverTimeMs: number;
}

export type RunOf = ListedRecord & { scope: KeyScope };

/** Every record of these kinds, a page at a time. Objects with other names among them are passed over. */
export async function* listRecords(
  bucket: PackedBucket,
  kinds: readonly ListedRecord["kind"][],
): AsyncGenerator<RecordPage, void, void> {
  for (const kind of kinds) {
    for await (const { objects, serverTimeMs } of bucket.list(`${bucket.keys.root}${kind}/`)) {
      const records = objects.filter(({ key }) => key.endsWith(".json.zst"));
      yield { records: records.map((object) => toRecord(object, kind, bucket.keys.root)), serverTimeMs };
    }
  }
}

/** The records of each job's newest run, by when they were written: as the readers choose them. */
export function newestRuns(records: readonly ListedRecord[]): RunOf[] {
  const newest = new Map<string, RunOf>();
  for (const record of records.filter(isRun)) {
    const known = newest.get(folderOf(record));
    if (known === undefined || known.modifiedMs < record.modifiedMs) newest.set(folderOf(record), record);
  }
  return records
    .filter(isRun)
    .filter((record) => newest.get(folderOf(record))?.scope.run === record.scope.run);
}

/** What all records of one job have in common. */
export function folderOf({ key }: ListedRecord): string {
  return key.slice(0, key.lastIndexOf("/"));
}

export function isRun(record: ListedRecord): record is RunOf {
  return record.scope !== undefined;
}

function toRecord({ key, sizeBytes, modifiedMs }: ListedObject, kind: ListedRecord["kind"], root: string) {
  const scope = kind === "run" ? parseScope(key.slice(root.length)) : undefined;
  return { key, sizeBytes, modifiedMs, kind, scope };
}

function parseScope(path: string): KeyScope | undefined {
  const [, platform, project, branch, job, name = "", ...rest] = path.split("/");
  const run = parseRunName(name)?.run;
  if (!platform || !project || !branch || !job || run === undefined || rest.length > 0) return undefined;
  return { platform, project, branch, job, run };
}
