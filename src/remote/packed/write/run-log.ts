/**
 * What all sessions of one run on this machine used and put, in a job's directory `<dir>`:
 *
 *     <dir>/run-<hash of the run>.json.zst      a record (see `run-record.ts`) whose `about` also says
 *                                                 "key"      the object that this becomes in the bucket
 *                                                 "version"  counts the changes
 *                                                 "due"      the version that the bucket must have at least
 *     <dir>/run-<hash of the run>.stored.json   {"key":…,"version":…,"ms":…}: the version that the bucket has, since when
 *     <dir>/run-<hash of the run>.upload        locked by the process that uploads the record
 *     <dir>/run.lock                            locked while a log is read, changed and written back
 *
 * Only this machine writes that object. Each version holds all that those before it held.
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

/** So many runs of a job may be under way at once on one machine. */
const MAX_LOGS = 8;
/** Also what earlier versions left. */
const LOG_FILE = /^run(-[0-9a-f]{16})?\.json\.zst$/;

/** What a session changes. */
export interface LoggedRun {
  key: string;
  version: number;
  due: number;
  /** In the order of first use. */
  entries: PackedEntry[];
}

export interface RunLogState extends LoggedRun {
  /** The version that the bucket has, and when it got it; 0: none, or nobody knows. */
  stored: number;
  storedMs: number;
}

export class RunLog {
  readonly #dir: string;
  readonly #path: string;
  readonly #run: string;
  readonly #trust: RecordTrust | undefined;

  /** A log that was not signed counts as absent where records are signed. */
  constructor(dir: string, run: string, trust?: RecordTrust) {
    this.#dir = dir;
    this.#path = join(dir, `run-${Bun.hash(run).toString(16).padStart(16, "0")}`);
    this.#run = run;
    this.#trust = trust;
  }

  /** `undefined` when this run has none on this machine. */
  load(): RunLogState | undefined {
    try {
      const bytes = readSmallFile(this.#logPath, MAX_RECORD_BYTES);
      const { about, entries } = parseRunRecord(bytes);
      const { run, key = "", version, due } = about;
      if (run !== this.#run || key === "") return undefined;
      // What it holds is going to be signed.
      if (this.#trust?.signer !== undefined) this.#trust.check.check(logKey(key), bytes);
      return { key, version: Number(version), due: Number(due), entries, ...this.#loadStored(key) };
    } catch {
      return undefined;
    }
  }

  /**
   * Saves what `change` makes of the log, unless that is the same object, and returns it. One process at a time. Rejects
   * when the disk fails, and with the reason of `signal`.
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

  /** One process at a time may upload the record. An upload during which the lock was lost has to be repeated. */
  async lockUpload(signal?: AbortSignal): Promise<FileLock> {
    return await this.#lock(`${this.#path}.upload`, signal);
  }

  /** Notes which version the bucket has; 0: nobody knows. Never throws: the next session uploads it once more. */
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
      // Never stored, or cut off.
    }
    return { stored: 0, storedMs: 0 };
  }

  async #format({ key, version, due, entries }: LoggedRun): Promise<Uint8Array<ArrayBuffer>> {
    const about = { run: this.#run, key, version: String(version), due: String(due) };
    const bytes = await formatRunRecord({ kind: "run", about, entries });
    return this.#trust?.signer?.sign(logKey(key), bytes) ?? bytes;
  }

  /** The logs of the runs that wrote nothing for the longest time. */
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

/** Not the key of any object. */
function logKey(key: string): string {
  return `log of ${key}`;
}

/**
 * `entries` and what `added` has beyond them. The place of an output stays while it can be trusted: it may have been
 * brought there since `added` was looked up, together with others.
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

/** `entries`, with the places that `moved` names for the same outputs of the same actions. */
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
