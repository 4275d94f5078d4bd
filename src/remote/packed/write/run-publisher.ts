import { countedRunName, endedRunName, parseRunName } from "../../runs/run-names.ts";
import type { Scope } from "../../scope/scope.ts";
import type { PackedKeys } from "../format/keys.ts";
import type { NamedSegment } from "../format/named-segment.ts";
import type { RecordSigner } from "../format/record-trust.ts";
import { RowSet } from "../format/row-set.ts";
import { formatRunRecord, type RunRecord, type SegmentRef } from "../format/run-record.ts";
import type { NewSegment } from "../format/segment-builder.ts";
import type { LoggedSegment, Rewrite } from "./rewrite-segments.ts";
import type { LoggedRun, RunLog, RunLogState } from "./run-log.ts";
import { addSegments, applyRewrite, useRows } from "./run-segments.ts";
import type { SegmentUploads } from "./segment-uploads.ts";
import type { Uploads } from "./uploads.ts";
import type { UsedSegment } from "./used-rows.ts";

/** An unchanged record is uploaded again after a day, so that gc does not expire a record in use. */
const UNCHANGED_MS = 24 * 3_600_000;
/** Without the lock, another session may have uploaded, too: it is not known which of the changes are in the bucket. */
const UNKNOWN = 0;
const NOT_STORED = { stored: 0, storedMs: 0, object: undefined, headEntries: 0 };
/** The head is uploaded again once the record has grown by this factor. Until then new machines read both. */
const HEAD_GROWTH = 1.1;

/** Publishes the entries that a session used and put: in the run's log on this machine, and as records in the bucket. */
export class RunPublisher {
  readonly #options: RunPublisherOptions;
  /** The record of this session alone, if the disk refuses a log. */
  #alone: Omit<RunLogState, "changes" | "stored" | "storedMs"> | undefined;
  /** The first record of the run, until the job's folder is trimmed. */
  #begun: string | undefined;

  constructor(options: RunPublisherOptions) {
    this.#options = options;
  }

  /** `added`: segments that no record names yet. Returns whether all records are in the bucket. */
  async publish(added: readonly AddedSegment[], used: readonly UsedSegment[]): Promise<boolean> {
    if (added.length + used.length === 0) return true;
    const { segments, prefix } = this.#options;
    const refs = await segments.add(added, prefix);
    if (refs === undefined) return false;
    const isNew = (ref: SegmentRef) =>
      added.some(({ segment, added }) => segment.id === ref.id && added.count > 0);
    const [isAdded, isRecorded] = await Promise.all([
      this.#putAdditions(refs.filter(isNew)),
      this.#record(refs, used),
    ]);
    return isAdded && isRecorded;
  }

  /** Says in the bucket that nothing will be added to this run. Never rejects. */
  async end(): Promise<void> {
    const { log, uploads } = this.#options;
    try {
      const state = log.load();
      if (state === undefined) return;
      const key = endedRunName(state.key);
      if (key === state.key) return;
      const end = (now: RunLogState | undefined) =>
        now?.key === state.key ? { ...now, key, changes: now.changes + 1 } : now;
      const after = await log.update(end, uploads.abandonment);
      if (after?.key === key) await this.#upload(after);
    } catch {
      // It counts as ended when a later one has begun.
    }
  }

  /** Removes records that the run's first one has made useless, once. Not while go waits. Never rejects. */
  async trim(): Promise<void> {
    const begun = this.#begun;
    this.#begun = undefined;
    // The next run tries again.
    if (begun !== undefined) await this.#options.trim(begun).catch(() => undefined);
  }

  async #putAdditions(refs: SegmentRef[]): Promise<boolean> {
    if (refs.length === 0) return true;
    const { keys, scope, uploads, serverTimeMs } = this.#options;
    const key = keys.addition(scope, serverTimeMs());
    return await uploads.put(
      key,
      await this.#format(key, { kind: "new", about: this.#about(), segments: refs }),
    );
  }

  /**
   * Merges the session's segments into the run's log and uploads its record. Sessions of one run upload one at a time; a
   * session that waited may find that another has uploaded its entries, too. Ends when the uploads are abandoned.
   */
  async #record(added: SegmentRef[], used: readonly UsedSegment[]): Promise<boolean> {
    const { uploads } = this.#options;
    let merged: RunLogState;
    try {
      merged = await this.#merge(added, used);
    } catch {
      return !uploads.abandonment.aborted && (await this.#recordAlone(added, used));
    }
    if (merged.changes <= merged.stored && !this.#isOld(merged)) return true;
    try {
      return await this.#upload(merged);
    } catch {
      return false;
    }
  }

  async #merge(added: SegmentRef[], used: readonly UsedSegment[]): Promise<RunLogState> {
    const { log, uploads, onRecorded } = this.#options;
    const merge = (before: RunLogState | undefined): RunLogState => {
      const state = before ?? { key: this.#newKey(), changes: 0, ...NOT_STORED, segments: [] };
      const segments = addSegments(useRows(state.segments, used), added);
      if (segments === state.segments) return state;
      return { ...state, changes: state.changes + 1, segments };
    };
    const merged = await log.update(merge, uploads.abandonment);
    onRecorded?.(merged.segments);
    return merged;
  }

  /** Uploads the newest version, unless another session has uploaded `wanted` or a later one meanwhile. */
  async #upload(wanted: LoggedRun): Promise<boolean> {
    const { log, uploads } = this.#options;
    for (;;) {
      await using lock = await log.lockUpload(uploads.abandonment);
      const state = log.load();
      // The log was removed, and possibly replaced by a new one.
      if (state === undefined || state.key !== wanted.key) return false;
      if (state.stored >= wanted.changes && !this.#isOld(state)) return true;
      const isStored = await this.#putLogged(state);
      const isLast = await lock.isHeld();
      if (!isLast)
        log.setStored({ ...NOT_STORED, key: state.key, object: log.load()?.object, changes: UNKNOWN });
      if (isLast || !isStored) return isStored;
    }
  }

  async #putLogged(state: RunLogState): Promise<boolean> {
    const segments = await this.#rewritten(state.segments);
    // A head that names what was moved would send readers to packs that gc removes.
    const isHeadUsable = segments === state.segments && !this.#isOld(state);
    const headEntries = isHeadUsable ? state.headEntries : 0;
    const stored = await this.#putRun(state.key, segments, { ...state, headEntries });
    if (stored === undefined) return false;
    this.#options.log.setStored({ ...stored, key: state.key, changes: state.changes });
    if (state.storedMs === 0) this.#begun = stored.object;
    return true;
  }

  /** The segments to record: those of the log, merged and moved where that helps readers. */
  async #rewritten(before: SegmentRef[]): Promise<SegmentRef[]> {
    const { log, rewrite, segments, prefix, uploads, onRecorded } = this.#options;
    const made = await rewrite(before.flatMap((ref) => this.#opened(ref)));
    const created = made && (await segments.add(made.created, prefix, made.used));
    const stored = await segments.store(before.filter(({ isInline }) => isInline));
    if (created === undefined && stored.size === 0) return before;
    const apply = (now: RunLogState | undefined) => {
      if (now === undefined) return now;
      const kept = now.segments.map((ref) => (stored.has(ref.id) ? { ...ref, isInline: false } : ref));
      return { ...now, segments: made && created ? applyRewrite(kept, made, created) : kept };
    };
    const state = await log.update(apply, uploads.abandonment);
    if (state === undefined) return before;
    onRecorded?.(state.segments);
    return state.segments;
  }

  #opened(ref: SegmentRef): LoggedSegment[] {
    const { segments, neededRows } = this.#options;
    const segment = segments.open(ref.id);
    if (segment === undefined) return [];
    const used = ref.used ?? RowSet.all(ref.rows);
    const needed = used.copy();
    for (const other of neededRows(ref.id)) needed.addAll(other ?? RowSet.all(ref.rows));
    return [{ ref, segment, used, needed }];
  }

  /** Without a log on the disk, the session writes its own record, each time with the same key. */
  async #recordAlone(added: SegmentRef[], used: readonly UsedSegment[]): Promise<boolean> {
    const before = this.#alone ?? { key: this.#newKey(), ...NOT_STORED, segments: [] };
    const segments = addSegments(useRows(before.segments, used), added);
    const stored = await this.#putRun(before.key, segments, before);
    if (this.#alone === undefined) this.#begun = stored?.object;
    this.#alone = { ...before, ...stored, segments };
    return stored !== undefined;
  }

  #newKey(): string {
    const { keys, scope, machine, serverTimeMs } = this.#options;
    return keys.run(scope, serverTimeMs(), machine);
  }

  /**
   * Uploads the record and, if that has grown much, its head; removes the record before if that has another name.
   * `undefined`: that failed. A failed head is ignored: it only saves new machines a request.
   */
  async #putRun(
    name: string,
    segments: SegmentRef[],
    before: Pick<RunLogState, "object" | "headEntries">,
  ): Promise<{ object: string; headEntries: number } | undefined> {
    const { keys, scope, uploads, remove } = this.#options;
    const entries = segments.reduce((sum, { used, rows }) => sum + (used?.count ?? rows), 0);
    const key = countedRunName(name, entries);
    const bytes = await this.#format(key, { kind: "run", about: { ...this.#about(), key }, segments });
    const isHead = entries >= HEAD_GROWTH * before.headEntries || parseRunName(key)?.hasEnded;
    const [isStored, isHeadStored] = await Promise.all([
      uploads.put(key, bytes),
      isHead && uploads.put(keys.head(scope), bytes),
    ]);
    if (!isStored) return undefined;
    if (before.object !== undefined && before.object !== key) await remove([before.object]);
    return { object: key, headEntries: isHeadStored ? entries : before.headEntries };
  }

  async #format(key: string, record: RunRecord): Promise<Uint8Array<ArrayBuffer>> {
    const { segments, signer } = this.#options;
    const { present, inline } = segments.inline(record.segments);
    const bytes = await formatRunRecord({ ...record, segments: present }, inline);
    return signer?.sign(key, bytes) ?? bytes;
  }

  #isOld({ storedMs }: RunLogState): boolean {
    const { signer, now = Date.now } = this.#options;
    const limitMs = Math.min(UNCHANGED_MS, (signer?.validMs ?? Number.POSITIVE_INFINITY) / 2);
    return now() - storedMs > limitMs;
  }

  #about(): Record<string, string> {
    const { scope, machine, host } = this.#options;
    const { platform, project, branch, job, run } = scope;
    return { platform, project, branch, job, run, machine, host };
  }
}

/** A number of entries, and the bytes of their outputs. */
export interface EntryTotal {
  count: number;
  bytes: number;
}

/** A segment that no record names yet, with the number of its entries that are new in the bucket. */
export interface AddedSegment extends NewSegment {
  added: EntryTotal;
}

export interface RunPublisherOptions {
  keys: PackedKeys;
  /** The bucket prefix of the segments. */
  prefix: string;
  scope: Scope;
  /** The machine's name in keys; contains no dash. */
  machine: string;
  /** The host name, for people only. */
  host: string;
  log: Pick<RunLog, "load" | "update" | "lockUpload" | "setStored">;
  uploads: Uploads;
  segments: SegmentUploads;
  /** The rows of a segment that each of the read runs has used; `undefined`: all. */
  neededRows: (segmentId: string) => readonly NamedSegment["used"][];
  /** See `rewriteSegments`. */
  rewrite: (segments: LoggedSegment[]) => Promise<Rewrite | undefined>;
  /** Called with all segments of the run's log after each change. */
  onRecorded?: ((segments: SegmentRef[]) => void) | undefined;
  /** Removes the records of the job that nobody reads now that a run has begun with this record. */
  trim: (key: string) => Promise<void>;
  /** Removes objects; ignores failures. */
  remove: (keys: readonly string[]) => Promise<void>;
  /** The server's time. */
  serverTimeMs: () => number;
  /** `undefined`: records are not signed. */
  signer?: RecordSigner | undefined;
  /** This machine's clock. */
  now?: () => number;
}
