/**
 * The log of one run: the segments with all entries that its sessions on this machine used or put. In a job's directory
 * `<dir>`:
 *
 *     <dir>/run-<hash of the run>.json.zst      one zstd frame of
 *                                                 {"version":2,"run":…,"key":…,"changes":…,"segments":[…]}
 *                                                 "key"       the key of the record, but for the number of entries
 *                                                 "changes"   the number of changes
 *                                                 "segments"  as in a record, see `run-record.ts`
 *     <dir>/run-<hash of the run>.stored.json   {"key":…,"object":…,"headEntries":…,"changes":…,"ms":…}: the changes in
 *                                                 the bucket, in the record "object", and their time
 *     <dir>/run-<hash of the run>.upload        locked by the process that uploads the record
 *     <dir>/run.lock                            locked while a log is read, changed and written back
 *
 * Only this machine writes that object. A log that nothing has changed for a day is not continued: gc may have removed
 * what it names.
 */
import { join } from "node:path";
import { compressFrameAside, expandFrame } from "../../../lib/bytes/zstd.ts";
import { listFiles } from "../../../lib/files/list-files.ts";
import { type FileLock, lockFile } from "../../../lib/files/lock-file.ts";
import { makePrivateDir } from "../../../lib/files/private-dir.ts";
import { removeFile } from "../../../lib/files/remove-file.ts";
import { replaceFile } from "../../../lib/files/replace-file.ts";
import { readSmallFile } from "../../../lib/files/small-file.ts";
import { statPlainFile } from "../../../lib/files/stat-file.ts";
import { jsonOf, StateFile } from "../../../lib/files/state-file.ts";
import { isNumber, isText, optional, shape } from "../../../lib/shape.ts";
import { runStem } from "../../runs/run-names.ts";
import { splitParts } from "../format/record-parts.ts";
import type { RecordTrust } from "../format/record-trust.ts";
import {
  formatRef,
  MAX_JSON_BYTES,
  MAX_RECORD_BYTES,
  parseRef,
  RECORD_VERSION,
  type SegmentRef,
} from "../format/run-record.ts";

/** The number of concurrent runs of one job on one machine. */
const MAX_LOGS = 8;
const MAX_AGE_MS = 24 * 3_600_000;
/** Also matches the logs of earlier versions of this program. */
const LOG_FILE = /^run(-[0-9a-f]{16})?\.json\.zst$/;

/** The part of a log that sessions change. */
export interface LoggedRun {
  key: string;
  changes: number;
  /** In the order of first use, the newest additions last. */
  segments: SegmentRef[];
}

export interface RunLogState extends LoggedRun {
  /** The changes in the bucket, and the time (ms) of their upload; 0: none, or unknown. */
  stored: number;
  storedMs: number;
  /** The key of the record in the bucket. */
  object: string | undefined;
  /** The number of entries of the job's head, if this run has written it. */
  headEntries: number;
}

export interface StoredNote {
  key: string;
  object?: string | undefined;
  headEntries: number;
  changes: number;
  ms: number;
}

const isStoredNote = shape<StoredNote>({
  key: isText,
  object: optional(isText),
  headEntries: isNumber,
  changes: isNumber,
  ms: isNumber,
});

export class RunLog {
  readonly #dir: string;
  readonly #path: string;
  readonly #run: string;
  readonly #trust: RecordTrust | undefined;
  readonly #stored: StateFile<StoredNote>;

  /** If records are signed, an unsigned log counts as absent. */
  constructor(dir: string, run: string, trust?: RecordTrust) {
    this.#dir = dir;
    this.#path = join(dir, `run-${Bun.hash(run).toString(16).padStart(16, "0")}`);
    this.#run = run;
    this.#trust = trust;
    this.#stored = new StateFile(`${this.#path}.stored.json`, jsonOf(isStoredNote));
  }

  /** `undefined`: this run has no log on this machine. */
  load(): RunLogState | undefined {
    try {
      const changedMs = statPlainFile(this.#logPath)?.mtimeMs ?? 0;
      if (Math.abs(Date.now() - changedMs) > MAX_AGE_MS) return undefined;
      const bytes = readSmallFile(this.#logPath, MAX_RECORD_BYTES);
      const log = JSON.parse(Buffer.from(expandFrame(splitParts(bytes).frame, MAX_JSON_BYTES)).toString());
      const { version, run, key, changes, segments } = log;
      if (version !== RECORD_VERSION || run !== this.#run || typeof key !== "string") return undefined;
      // A signing process will sign the log's entries, so the log itself must be trusted.
      if (this.#trust?.signer !== undefined) this.#trust.check.check(logKey(key), bytes);
      const note = this.#stored.load();
      const isStored = note?.key === key;
      return {
        key,
        changes: Number(changes),
        segments: segments.map(parseRef),
        stored: isStored ? note.changes : 0,
        storedMs: isStored ? note.ms : 0,
        ...(note !== undefined && runStem(note.key) === runStem(key)
          ? { object: note.object, headEntries: note.headEntries }
          : { object: undefined, headEntries: 0 }),
      };
    } catch {
      return undefined;
    }
  }

  /**
   * Applies `change` to the log under a lock, saves the result unless it is the same object, and returns it. Rejects if
   * the disk fails, and with the reason of `signal`.
   */
  async update<T extends LoggedRun | undefined>(
    change: (before: RunLogState | undefined) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    for (;;) {
      await using lock = await this.#lock(join(this.#dir, "run.lock"), signal);
      const before = this.load();
      const after = change(before);
      if (after === undefined || (after as LoggedRun) === before) return after;
      const bytes = await this.#format(after);
      if (!(await lock.isHeld())) continue;
      replaceFile(this.#logPath, bytes);
      if (before === undefined) this.#removeOldest();
      return after;
    }
  }

  /** Locks the upload of the record. The caller must repeat an upload if it lost the lock meanwhile. */
  async lockUpload(signal?: AbortSignal): Promise<FileLock> {
    return await this.#lock(`${this.#path}.upload`, signal);
  }

  /** Notes the changes in the bucket; 0: unknown. Never throws: without the note, the next session uploads again. */
  setStored(note: Omit<StoredNote, "ms">): void {
    const error = this.#stored.save({ ...note, ms: note.changes === 0 ? 0 : Date.now() });
    if (error !== undefined) this.#stored.remove();
  }

  async #lock(path: string, signal: AbortSignal | undefined): Promise<FileLock> {
    makePrivateDir(this.#dir);
    return await lockFile(path, signal);
  }

  get #logPath(): string {
    return `${this.#path}.json.zst`;
  }

  async #format({ key, changes, segments }: LoggedRun): Promise<Uint8Array<ArrayBuffer>> {
    const log = {
      version: RECORD_VERSION,
      run: this.#run,
      key,
      changes,
      segments: segments.map(formatRef),
    };
    const bytes = await compressFrameAside(Buffer.from(JSON.stringify(log)));
    return this.#trust?.signer?.sign(logKey(key), bytes) ?? bytes;
  }

  /** Removes the logs that are unchanged for the longest time. */
  #removeOldest(): void {
    const logs = listFiles(this.#dir).filter((name) => LOG_FILE.test(name));
    const changedMs = (name: string) => statPlainFile(join(this.#dir, name))?.mtimeMs ?? 0;
    const byAge = logs.map((name) => ({ name, ms: changedMs(name) })).sort((a, b) => b.ms - a.ms);
    for (const { name } of byAge.slice(MAX_LOGS)) {
      removeFile(join(this.#dir, name));
      removeFile(join(this.#dir, name.replace(".json.zst", ".stored.json")));
    }
  }
}

/** The key to sign a log for; differs from every object key, so a log is not valid as a record. */
function logKey(key: string): string {
  return `log of ${key}`;
}
