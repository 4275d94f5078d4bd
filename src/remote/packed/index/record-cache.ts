/**
 * Copies of the records that this machine has read, so that the next go command need not ask for them:
 *
 *     <dir>/records.json     {"refreshedAtMs":…,"pauseMs":…,"clockSkewMs":…,"additionsAtMs":…,
 *                             "records":[{"key":"…","etag":"…","role":"own"|"other"|"new","modifiedMs":…,"sizeBytes":…}, …]}   newest first
 *     <dir>/records/<hash>   the bytes of one of them, as in the bucket
 *
 * Several processes share it without locks: a copy that is missing or cut off is as good as one that was never read.
 */
import { join } from "node:path";
import { listFiles } from "../../../lib/files/list-files.ts";
import { removeFile } from "../../../lib/files/remove-file.ts";
import { replaceFile } from "../../../lib/files/replace-file.ts";
import { readSmallFile } from "../../../lib/files/small-file.ts";
import { MAX_RECORD_BYTES } from "../format/run-record.ts";

/** A record in the bucket. `own`: of this very scope; `new`: what another scope's session added. */
export interface RecordRef {
  key: string;
  etag: string;
  role: "own" | "other" | "new";
  /** When it was written, by the server's clock. */
  modifiedMs: number;
  sizeBytes: number;
}

export interface RecordList {
  refreshedAtMs: number;
  /** The list is taken as current for this long. */
  pauseMs: number;
  /** The server's clock minus ours. */
  clockSkewMs: number;
  /** When `new/` was last listed. */
  additionsAtMs: number;
  /** Newest first. */
  records: RecordRef[];
}

/** The name of a copy, or of one being written. */
const RECORD_FILE = /^[0-9a-f]{16}(\.\d+)?$/;

export class RecordCache {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** `undefined` when nothing was read yet. */
  load(): RecordList | undefined {
    try {
      const list = JSON.parse(readSmallFile(this.#listPath()).toString());
      return isRecordList(list) ? list : undefined;
    } catch {
      return undefined;
    }
  }

  read(ref: RecordRef): Uint8Array<ArrayBuffer> | undefined {
    try {
      return readSmallFile(this.#recordPath(ref), MAX_RECORD_BYTES);
    } catch {
      return undefined;
    }
  }

  /** Never throws, as nothing here does: a copy that can't be kept costs the next command a request. */
  write(ref: RecordRef, bytes: Uint8Array): void {
    keepFile(this.#recordPath(ref), bytes);
  }

  /** Keeps the list, and removes the copies that it does not name. */
  save(list: RecordList): void {
    keepFile(this.#listPath(), JSON.stringify(list));
    const kept = new Set(list.records.map(recordFile));
    const dir = join(this.#dir, "records");
    for (const name of listFiles(dir))
      if (RECORD_FILE.test(name) && !kept.has(name)) removeFile(join(dir, name));
  }

  #listPath(): string {
    return join(this.#dir, "records.json");
  }

  #recordPath(ref: RecordRef): string {
    return join(this.#dir, "records", recordFile(ref));
  }
}

function recordFile({ key, etag }: RecordRef): string {
  return Bun.hash(`${key}\n${etag}`).toString(16).padStart(16, "0");
}

function keepFile(path: string, content: string | Uint8Array): void {
  try {
    replaceFile(path, content);
  } catch {
    // The next command asks the bucket.
  }
}

function isRecordList(value: unknown): value is RecordList {
  if (typeof value !== "object" || value === null) return false;
  const { refreshedAtMs, pauseMs, clockSkewMs, additionsAtMs, records } = value as Partial<RecordList>;
  const areTimes = [refreshedAtMs, pauseMs, clockSkewMs, additionsAtMs].every(Number.isFinite);
  return areTimes && Array.isArray(records) && records.every(isRecordRef);
}

const ROLES: readonly unknown[] = ["own", "other", "new"];

function isRecordRef(value: unknown): boolean {
  const ref = value as Partial<RecordRef> | null;
  const areTexts = typeof ref?.key === "string" && typeof ref.etag === "string" && ROLES.includes(ref.role);
  return areTexts && Number.isFinite(ref?.modifiedMs) && Number.isFinite(ref?.sizeBytes);
}
