/**
 * The log of one run: all entries that its sessions on this machine used or put. In a job's directory `<dir>`:
 *
 *     <dir>/run-<hash of the run>.json.zst      a record (see `run-record.ts`) with these additional values in `about`
 *                                                 "key"      the key of the uploaded record
 *                                                 "version"  the number of changes
 *                                                 "due"      the lowest version that the bucket needs
 *     <dir>/run-<hash of the run>.stored.json   {"key":…,"version":…,"ms":…}: the version in the bucket, and its time
 *     <dir>/run-<hash of the run>.upload        locked by the process that uploads the record
 *     <dir>/run.lock                            locked while a log is read, changed and written back
 *
 * Only this machine writes that object. Each version contains all actions of the previous ones.
 */
import { join } from "node:path";
import { listFiles } from "../../../lib/files/list-files.ts";
import { type FileLock, lockFile } from "../../../lib/files/lock-file.ts";
import { makePrivateDir } from "../../../lib/files/private-dir.ts";
import { removeFile } from "../../../lib/files/remove-file.ts";
import { replaceFile } from "../../../lib/files/replace-file.ts";
import { readSmallFile } from "../../../lib/files/small-file.ts";
import { statPlainFile } from "../../../lib/files/stat-file.ts";
import type { PackedEntry, Place } from "../format/entry.ts";
import type { RecordTrust } from "../format/record-trust.ts";
import { formatRunRecord, MAX_RECORD_BYTES, parseRunRecord } from "../format/run-record.ts";

/** The number of concurrent runs of one job on one machine. */
const MAX_LOGS = 8;
/** Also matches the logs of earlier versions of this program. */
const LOG_FILE = /^run(-[0-9a-f]{16})?\.json\.zst$/;

/** The part of a log that sessions change. */
export interface LoggedRun {
  key: string;
  version: number;
  due: number;
  /** In the order of first use. */
  entries: PackedEntry[];
}

export interface RunLogState extends LoggedRun {
  /** The version in the bucket, and the time (ms) of its upload; 0: none, or unknown. */
  stored: number;
  storedMs: number;
}

export class RunLog {
  readonly #dir: string;
  readonly #path: string;
  readonly #run: string;
  readonly #trust: RecordTrust | undefined;

  /** If records are signed, an unsigned log counts as absent. */
  constructor(dir: string, run: string, trust?: RecordTrust) {
    this.#dir = dir;
    this.#path = join(dir, `run-${Bun.hash(run).toString(16).padStart(16, "0")}`);
    this.#run = run;
    this.#trust = trust;
  }

  /** `undefined`: this run has no log on this machine. */
  load(): RunLogState | undefined {
    try {
      const bytes = readSmallFile(this.#logPath, MAX_RECORD_BYTES);
      const { about, entries } = parseRunRecord(bytes);
      const { run, key = "", version, due } = about;
      if (run !== this.#run || key === "") return undefined;
      // A signing process will sign the log's entries, so the log itself must be trusted.
      if (this.#trust?.signer !== undefined) this.#trust.check.check(logKey(key), bytes);
      return { key, version: Number(version), due: Number(due), entries, ...this.#loadStored(key) };
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

  /** Notes the version in the bucket; 0: unknown. Never throws: without the note, the next session uploads again. */
  setStored(key: string, version: number): void {
    try {
      replaceFile(this.#storedPath, JSON.stringify({ key, version, ms: version === 0 ? 0 : Date.now() }));
    } catch {
      removeFile(this.#storedPath);
    }
  }

  async #lock(path: string, signal: AbortSignal | undefined): Promise<FileLock> {
    makePrivateDir(this.#dir);
    return await lockFile(path, signal);
  }

  get #logPath(): string {
    return `${this.#path}.json.zst`;
  }

  get #storedPath(): string {
    return `${this.#path}.stored.json`;
  }

  #loadStored(key: string): { stored: number; storedMs: number } {
    try {
      const stored = JSON.parse(readSmallFile(this.#storedPath).toString());
      const isWhole = Number.isFinite(stored?.version) && Number.isFinite(stored?.ms);
      if (isWhole && stored.key === key) return { stored: stored.version, storedMs: stored.ms };
    } catch {
      // The file is missing or truncated.
    }
    return { stored: 0, storedMs: 0 };
  }

  async #format({ key, version, due, entries }: LoggedRun): Promise<Uint8Array<ArrayBuffer>> {
    const about = { run: this.#run, key, version: String(version), due: String(due) };
    const bytes = await formatRunRecord({ kind: "run", about, entries });
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

/**
 * Merges `added` into `entries`. A trusted location in `entries` wins over one in `added`: a repack may have moved the
 * output since `added` was looked up.
 */
export function mergeEntries(
  entries: PackedEntry[],
  added: PackedEntry[],
  isTrusted: (place: Place | undefined) => boolean,
): { entries: PackedEntry[]; isChanged: boolean } {
  const merged = new Map(entries.map((entry) => [entry.actionId, entry]));
  let isChanged = false;
  for (const entry of added) {
    const known = merged.get(entry.actionId);
    if (known?.outputId === entry.outputId && (isTrusted(known.place) || isSamePack(known, entry))) continue;
    merged.set(entry.actionId, entry);
    isChanged = true;
  }
  return { entries: [...merged.values()], isChanged };
}

/** Returns `entries` with the locations in `moved` for the same actions and outputs. */
export function movedEntries(entries: PackedEntry[], moved: PackedEntry[]): PackedEntry[] {
  const places = new Map(moved.map((entry) => [entry.actionId, entry]));
  return entries.map((entry) => {
    const other = places.get(entry.actionId);
    return other?.outputId === entry.outputId ? other : entry;
  });
}

function isSamePack(a: PackedEntry, b: PackedEntry): boolean {
  return a.place?.pack.id === b.place?.pack.id;
}
