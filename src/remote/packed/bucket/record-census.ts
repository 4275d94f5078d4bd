/** Lists the records of a bucket, with kind and scope from their keys. */
import type { ListedObject } from "../../../store/object-store.ts";
import { parseRunName } from "../../runs/run-names.ts";
import type { PackedBucket } from "./packed-bucket.ts";

/** The scope and run in a key, still encoded. */
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
  etag: string;
  modifiedMs: number;
  /** `head`: a copy of a run record; `mod`: a run record of the module proxy, which references no packs. */
  kind: "run" | "head" | "new" | "shared" | "mod";
  /** Set only for run records with a well-formed key. */
  scope: KeyScope | undefined;
}

export interface RecordPage {
  records: ListedRecord[];
  serverTimeMs: number;
}

export type RunOf = ListedRecord & { scope: KeyScope };

/** Lists the records of these kinds page by page. Skips objects with other names. */
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

/** The part of the key that all records of one job share. */
export function folderOf({ key }: ListedRecord): string {
  return key.slice(0, key.lastIndexOf("/"));
}

export function isRun(record: ListedRecord): record is RunOf {
  return record.scope !== undefined;
}

function toRecord(
  { key, sizeBytes, etag, modifiedMs }: ListedObject,
  kind: ListedRecord["kind"],
  root: string,
) {
  const scope = kind === "run" ? parseScope(key.slice(root.length)) : undefined;
  return { key, sizeBytes, etag, modifiedMs, kind, scope };
}

function parseScope(path: string): KeyScope | undefined {
  const [, platform, project, branch, job, name = "", ...rest] = path.split("/");
  const run = parseRunName(name)?.run;
  if (!platform || !project || !branch || !job || run === undefined || rest.length > 0) return undefined;
  return { platform, project, branch, job, run };
}
