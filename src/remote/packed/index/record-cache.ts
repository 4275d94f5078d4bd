/**
 * Local copies of the records that this machine has read; the next go command needs no request for them:
 *
 *     <dir>/records.json     {"refreshedAtMs":…,"pauseMs":…,"clockSkewMs":…,"additionsAtMs":…,
 *                             "records":[{"key":"…","etag":"…","role":"own"|"other"|"new","modifiedMs":…,"sizeBytes":…}, …]}   newest first
 *     <dir>/records/<hash>   the bytes of one record, as in the bucket
 *
 * Several processes share the cache without locks. A missing or truncated copy counts as never read.
 */
import { join } from "node:path";
import { listFiles } from "../../../lib/files/list-files.ts";
import { removeFile } from "../../../lib/files/remove-file.ts";
import { BYTES, jsonOf, StateFile } from "../../../lib/files/state-file.ts";
import { isNumber, isText, listOf, oneOf, shape } from "../../../lib/shape.ts";
import { MAX_RECORD_BYTES } from "../format/run-record.ts";

/** A record in the bucket. `own`: a run of this scope; `other`: a run of a fallback scope; `new`: an addition. */
export interface RecordRef {
  key: string;
  etag: string;
  role: "own" | "other" | "new";
  /** The time of the write, by the server's clock. */
  modifiedMs: number;
  sizeBytes: number;
}

/** Whether both are the same version of a record. */
export function isSameRef(a: RecordRef, b: RecordRef): boolean {
  return a.key === b.key && a.etag === b.etag;
}

export interface RecordList {
  refreshedAtMs: number;
  /** The list is fresh for this long. */
  pauseMs: number;
  /** The server's clock minus ours. */
  clockSkewMs: number;
  /** The time of the last listing of `new/`. */
  additionsAtMs: number;
  /** Newest first. */
  records: RecordRef[];
}

/** Half of the time that gc waits before it removes what nothing names. */
const LONGEST_AGE_MS = 12 * 3_600_000;

/**
 * A list without what gc may have removed by now; `undefined`: nothing of it is left. The additions are not listed as
 * often as the runs.
 */
export function withoutOld(list: RecordList | undefined, nowMs: number): RecordList | undefined {
  const isOld = (listedAtMs: number) => Math.abs(nowMs - listedAtMs) > LONGEST_AGE_MS;
  if (list === undefined || isOld(list.refreshedAtMs)) return undefined;
  return isOld(list.additionsAtMs)
    ? { ...list, records: list.records.filter(({ role }) => role !== "new") }
    : list;
}

export function additionsIn(list: RecordList | undefined): RecordRef[] {
  return (list?.records ?? []).filter(({ role }) => role === "new");
}

/** Matches a copy, and the temporary file of one that is being written. */
const RECORD_FILE = /^[0-9a-f]{16}(\.\d+)?$/;

const isRecordRef = shape<RecordRef>({
  key: isText,
  etag: isText,
  role: oneOf("own", "other", "new"),
  modifiedMs: isNumber,
  sizeBytes: isNumber,
});
const isRecordList = shape<RecordList>({
  refreshedAtMs: isNumber,
  pauseMs: isNumber,
  clockSkewMs: isNumber,
  additionsAtMs: isNumber,
  records: listOf(isRecordRef),
});

export class RecordCache {
  readonly #dir: string;
  readonly #list: StateFile<RecordList>;

  constructor(dir: string) {
    this.#dir = join(dir, "records");
    this.#list = new StateFile(join(dir, "records.json"), jsonOf(isRecordList));
  }

  /** `undefined`: this machine has not read any record yet. */
  load(): RecordList | undefined {
    return this.#list.load();
  }

  read(ref: RecordRef): Uint8Array<ArrayBuffer> | undefined {
    return this.#copy(ref).load();
  }

  /** Never throws, like all methods here: without the copy, the next command sends one more request. */
  write(ref: RecordRef, bytes: Uint8Array<ArrayBuffer>): void {
    this.#copy(ref).save(bytes);
  }

  /** Saves the list and removes the copies that are not in it. */
  save(list: RecordList): void {
    this.#list.save(list);
    const kept = new Set(list.records.map(recordFile));
    for (const name of listFiles(this.#dir))
      if (RECORD_FILE.test(name) && !kept.has(name)) removeFile(join(this.#dir, name));
  }

  #copy(ref: RecordRef) {
    return new StateFile(join(this.#dir, recordFile(ref)), BYTES, MAX_RECORD_BYTES);
  }
}

function recordFile({ key, etag }: RecordRef): string {
  return Bun.hash(`${key}\n${etag}`).toString(16).padStart(16, "0");
}
