import { type CompileTimes, formatCompileTimes } from "../../compile-times.ts";
import type { Scope } from "../../scope/scope.ts";
import type { PackedEntry, Place } from "../format/entry.ts";
import type { PackedKeys } from "../format/keys.ts";
import type { RecordSigner } from "../format/record-trust.ts";
import { formatRunRecord, type RunRecord } from "../format/run-record.ts";
import { mergeEntries, movedEntries, type RunLog, type RunLogState } from "./run-log.ts";
import type { Uploads } from "./uploads.ts";

/** An unchanged record is uploaded again after a day, so that gc does not expire a record in use. */
const UNCHANGED_MS = 24 * 3_600_000;

/** Publishes the entries that a session used and put: in the run's log on this machine, and as records in the bucket. */
export class RunPublisher {
  readonly #options: RunPublisherOptions;
  /** The key of this session's own record, if the disk refuses a log. */
  #ownKey: string | undefined;

  constructor(options: RunPublisherOptions) {
    this.#options = options;
  }

  /** `added`: the new entries of `session`. Returns whether all records are in the bucket. */
  async publish(session: PackedEntry[], added: PackedEntry[]): Promise<boolean> {
    const [isAdded, isRecorded] = await Promise.all([
      this.#putAdditions(added),
      this.#record(session, added),
    ]);
    return isAdded && isRecorded;
  }

  async #putAdditions(entries: PackedEntry[]): Promise<boolean> {
    if (entries.length === 0) return true;
    const { keys, scope, uploads, serverTimeMs } = this.#options;
    const key = keys.addition(scope, serverTimeMs());
    return await uploads.put(key, await this.#format(key, { kind: "new", about: this.#about(), entries }));
  }

  /**
   * Merges the session's entries into the run's log and uploads the log. Sessions of one run upload one at a time; a
   * session that waited may find that another has uploaded its entries, too. Ends when the uploads are abandoned.
   */
  async #record(session: PackedEntry[], added: PackedEntry[]): Promise<boolean> {
    const { uploads } = this.#options;
    let merged: RunLogState;
    try {
      merged = await this.#merge(session, added);
    } catch {
      return !uploads.abandonment.aborted && (await this.#recordAlone(session));
    }
    if (merged.due <= merged.stored && !this.#isOld(merged)) return true;
    try {
      return await this.#upload(merged);
    } catch {
      return false;
    }
  }

  async #merge(session: PackedEntry[], added: PackedEntry[]): Promise<RunLogState> {
    const { keys, scope, machine, serverTimeMs, log, isTrusted, uploads, onRecorded } = this.#options;
    const merge = (before: RunLogState | undefined): RunLogState => {
      const { entries, isChanged } = mergeEntries(before?.entries ?? [], session, isTrusted);
      const key = before?.key ?? keys.run(scope, serverTimeMs(), machine);
      const state = before ?? { key, version: 0, due: 0, stored: 0, storedMs: 0, entries: [] };
      if (!isChanged) return state;
      const version = state.version + 1;
      const isDue = added.length > 0 || this.#hasNew(entries, state.entries);
      return { ...state, version, due: isDue ? version : state.due, entries };
    };
    const merged = await log.update(merge, uploads.abandonment);
    onRecorded?.(merged.entries);
    return merged;
  }

  /** Uploads the newest version, unless another session has uploaded `wanted` or a later one meanwhile. */
  async #upload(wanted: RunLogState): Promise<boolean> {
    const { log, uploads } = this.#options;
    for (;;) {
      await using lock = await log.lockUpload(uploads.abandonment);
      const state = log.load();
      // The log was removed, and possibly replaced by a new one.
      if (state === undefined || state.key !== wanted.key) return false;
      if (state.stored >= wanted.due && !this.#isOld(state)) return true;
      const entries = await this.#repacked(state.entries);
      const isStored = await this.#putRun(state.key, entries);
      const isLast = await lock.isHeld();
      // Without the lock, another session may have uploaded, too; the version in the bucket is unknown.
      if (!isLast) log.setStored(state.key, 0);
      else if (isStored) log.setStored(state.key, state.version);
      if (isLast || !isStored) return isStored;
    }
  }

  async #repacked(entries: PackedEntry[]): Promise<PackedEntry[]> {
    const { log, repack, uploads, onRecorded } = this.#options;
    const moved = await repack(entries);
    if (moved === entries) return entries;
    const move = (now: RunLogState | undefined) =>
      now && { ...now, entries: movedEntries(now.entries, moved) };
    const state = await log.update(move, uploads.abandonment);
    if (state !== undefined) onRecorded?.(state.entries);
    return moved;
  }

  /** Without a log on the disk, the session writes its own record, each time with the same key. */
  async #recordAlone(session: PackedEntry[]): Promise<boolean> {
    const { keys, scope, machine, serverTimeMs } = this.#options;
    this.#ownKey ??= keys.run(scope, serverTimeMs(), machine);
    return await this.#putRun(this.#ownKey, session);
  }

  /** Uploads the record and its head. A failed head is ignored: it only saves new machines a listing. */
  async #putRun(key: string, entries: PackedEntry[]): Promise<boolean> {
    const { keys, scope, uploads } = this.#options;
    const about = { ...this.#about(), key };
    const bytes = await this.#format(key, { kind: "run", about, entries });
    const [isStored] = await Promise.all([uploads.put(key, bytes), uploads.put(keys.head(scope), bytes)]);
    return isStored;
  }

  async #format(key: string, record: RunRecord): Promise<Uint8Array<ArrayBuffer>> {
    const { compileTimes } = this.#options;
    const times = compileTimes === undefined ? {} : formatCompileTimes(record.entries, compileTimes);
    const bytes = await formatRunRecord({ ...record, about: { ...record.about, ...times } });
    return this.#options.signer?.sign(key, bytes) ?? bytes;
  }

  /** Whether `entries` contains any that neither the log nor the bucket's records of this scope contain. */
  #hasNew(entries: PackedEntry[], logged: PackedEntry[]): boolean {
    const known = new Set([...logged, ...this.#options.ownEntries()].map(fingerprint));
    return entries.some((entry) => !known.has(fingerprint(entry)));
  }

  #isOld({ storedMs }: RunLogState): boolean {
    const { ownRecordMs, signer } = this.#options;
    const limitMs = Math.min(UNCHANGED_MS, (signer?.validMs ?? Number.POSITIVE_INFINITY) / 2);
    return Date.now() - Math.max(storedMs, ownRecordMs()) > limitMs;
  }

  #about(): Record<string, string> {
    const { scope, machine, host } = this.#options;
    const { platform, project, branch, job, run } = scope;
    return { platform, project, branch, job, run, machine, host };
  }
}

function fingerprint({ actionId, outputId, place }: PackedEntry): string {
  return `${actionId} ${outputId} ${place?.pack.id}`;
}

export interface RunPublisherOptions {
  keys: PackedKeys;
  scope: Scope;
  /** The machine's name in keys; contains no dash. */
  machine: string;
  /** The host name, for people only. */
  host: string;
  log: RunLog;
  uploads: Uploads;
  /** The entries in the bucket's records of this scope that were read so far. */
  ownEntries: () => PackedEntry[];
  /** The time of the newest of those records. */
  ownRecordMs: () => number;
  /** Whether the pack of this location is trusted. */
  isTrusted: (place: Place | undefined) => boolean;
  /** Moves entries of many small packs to one pack; see `repackSmall`. */
  repack: (entries: PackedEntry[]) => Promise<PackedEntry[]>;
  /** Called with all entries of the run's log after each change. */
  onRecorded?: ((entries: PackedEntry[]) => void) | undefined;
  /** The compile times to write to records. */
  compileTimes?: CompileTimes | undefined;
  /** The server's time. */
  serverTimeMs: () => number;
  /** `undefined`: records are not signed. */
  signer?: RecordSigner | undefined;
}
