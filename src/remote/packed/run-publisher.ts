import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Deadline } from "../../lib/deadline.ts";
import { lockFile } from "../../store/directory-lock.ts";
import { type CompileTimes, formatCompileTimes } from "../compile-times.ts";
import type { Scope } from "../scope/scope.ts";
import type { Entry, Place } from "./entry.ts";
import type { PackedKeys } from "./keys.ts";
import type { PackUploader } from "./pack-uploader.ts";
import type { RecordSigner } from "./record-trust.ts";
import { mergeEntries, type RunLog, type RunLogState } from "./run-log.ts";
import { formatRunRecord, type RunRecord } from "./run-record.ts";

/** A record that says all there is to say is written anew after a day, to show that it is in use. */
const UNCHANGED_MS = 24 * 3_600_000;
const LOCK_WAIT_MS = 5_000;

/** Writes down what a session used and put: for this machine's next session, and for everybody in the bucket. */
export class RunPublisher {
  readonly #options: RunPublisherOptions;

  constructor(options: RunPublisherOptions) {
    this.#options = options;
  }

  /** `added` is the part of `session` that nobody knows yet. Returns whether all of it is in the bucket. */
  async publish(session: Entry[], added: Entry[]): Promise<boolean> {
    const [isAdded, isRecorded] = await Promise.all([
      this.#putAdditions(added),
      this.#record(session, added),
    ]);
    return isAdded && isRecorded;
  }

  async #putAdditions(entries: Entry[]): Promise<boolean> {
    if (entries.length === 0) return true;
    const { keys, scope, uploader, serverTimeMs } = this.#options;
    const key = keys.addition(scope, serverTimeMs());
    return await uploader.put(key, await this.#format(key, { kind: "new", about: this.#about(), entries }));
  }

  /** One process a machine at a time, each with all that those before it have written down. */
  async #record(session: Entry[], added: Entry[]): Promise<boolean> {
    const { dir, log } = this.#options;
    using limit = new Deadline(LOCK_WAIT_MS);
    try {
      mkdirSync(dir, { recursive: true });
      await using _lock = await lockFile(join(dir, "run.lock"), limit.signal);
      return await this.#recordLocked(log.load(), session, added);
    } catch {
      // A disk that takes no lock, or a crowd. The entries are in the bucket; the run's record lacks them.
      return true;
    }
  }

  async #recordLocked(before: RunLogState | undefined, session: Entry[], added: Entry[]): Promise<boolean> {
    const { keys, scope, machine, serverTimeMs, log, isTrusted } = this.#options;
    const merged = mergeEntries(before?.entries ?? [], session, isTrusted);
    const { isChanged } = merged;
    let { entries } = merged;
    const key = before?.key ?? keys.run(scope, serverTimeMs(), machine);
    const state = before ?? { key, version: 0, stored: 0, storedMs: 0, entries };
    const isDue = added.length > 0 || this.#isNews(entries, before) || this.#isOld(state);
    if (!isChanged && !isDue) return true;
    if (isDue) entries = await this.#options.repack(entries);
    const about = { ...this.#about(), key };
    const isStored = isDue && (await this.#putRun(key, { kind: "run", about, entries }));
    const version = state.version + (isChanged ? 1 : 0);
    const stored = isStored ? { stored: version, storedMs: Date.now() } : {};
    await log.save({ ...state, version, entries, ...stored });
    this.#options.onRecorded?.(entries);
    return isStored || !isDue;
  }

  /** The head is only a head start: whether it is stored does not matter. */
  async #putRun(key: string, record: RunRecord): Promise<boolean> {
    const { keys, scope, uploader } = this.#options;
    const bytes = await this.#format(key, record);
    const [isStored] = await Promise.all([uploader.put(key, bytes), uploader.put(keys.head(scope), bytes)]);
    return isStored;
  }

  async #format(key: string, record: RunRecord): Promise<Uint8Array<ArrayBuffer>> {
    const { compileTimes } = this.#options;
    const times = compileTimes === undefined ? {} : formatCompileTimes(record.entries, compileTimes);
    const bytes = await formatRunRecord({ ...record, about: { ...record.about, ...times } });
    return this.#options.signer?.sign(key, bytes) ?? bytes;
  }

  /** Whether the bucket's records of this scope lack any of it. */
  #isNews(entries: Entry[], before: RunLogState | undefined): boolean {
    const stored = before !== undefined && before.version === before.stored ? before.entries : [];
    const known = new Set([...stored, ...this.#options.ownEntries()].map(fingerprint));
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

function fingerprint({ actionId, outputId, place }: Entry): string {
  return `${actionId} ${outputId} ${place?.pack.id}`;
}

export interface RunPublisherOptions {
  keys: PackedKeys;
  scope: Scope;
  /** Names this machine in keys; without a dash. */
  machine: string;
  /** For people. */
  host: string;
  /** Where the log is, and its lock. */
  dir: string;
  log: RunLog;
  uploader: PackUploader;
  /** What the bucket's records of this scope say, as far as they were read, and when the newest was written. */
  ownEntries: () => Entry[];
  ownRecordMs: () => number;
  /** Whether what lies there is what records say, as far as this session has found out. */
  isTrusted: (place: Place | undefined) => boolean;
  /** Brings entries that lie scattered together. */
  repack: (entries: Entry[]) => Promise<Entry[]>;
  /** Told of all that the run's log now holds. */
  onRecorded?: ((entries: Entry[]) => void) | undefined;
  /** Goes into records. */
  compileTimes?: CompileTimes | undefined;
  /** The server's clock. */
  serverTimeMs: () => number;
  /** `undefined`: records are not signed. */
  signer?: RecordSigner | undefined;
}
