import { abortable } from "../../../lib/async/abortable.ts";
import { Deadline } from "../../../lib/async/deadline.ts";
import type { ListedObject, ObjectStore } from "../../../store/object-store.ts";
import { listedRuns, runsToKeep } from "../../runs/choose-runs.ts";
import { runStem } from "../../runs/run-names.ts";
import type { Scope } from "../../scope/scope.ts";
import type { PackedKeys } from "../format/keys.ts";
import type { NamedSegment } from "../format/named-segment.ts";
import { MAX_RECORD_BYTES } from "../format/run-record.ts";
import { type EntryGroup, type IndexedEntry, PackedIndex } from "./packed-index.ts";
import {
  additionsIn,
  isSameRef,
  type RecordCache,
  type RecordList,
  type RecordRef,
  withoutOld,
} from "./record-cache.ts";
import { type Listing, listAdditions, listJob, listRuns } from "./record-listing.ts";
import type { RecordReader } from "./record-reader.ts";

/** A list is fresh for this long; the time doubles, up to the longest, whenever a refresh finds no new record. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** How long a lookup that misses in a stale index waits for the refresh. */
const REFRESH_WAIT_MS = 300;
/** After so many unknown actions, other scopes' additions are read: the checkout may contain a recent merge. */
const UNKNOWN_BEFORE_ADDITIONS = 4;

/** Maintains the index: builds it from the local copies and refreshes it from the bucket when they are stale. */
export class RecordSource {
  readonly #options: RecordSourceOptions;
  readonly #now: () => number;
  #index: PackedIndex;
  #list: RecordList | undefined;
  #refresh: Promise<void> | undefined;
  /** A machine without any copy reads the heads in parallel with the first listing. */
  #heads: Promise<void> | undefined;
  #additions: Promise<void> | undefined;
  #unknown = 0;
  #ownGroup: EntryGroup | undefined;
  #failedAtMs: number | undefined;
  /** The time of the last request for additions. */
  #additionsRequestedMs = 0;
  #hasWaited = false;
  /** The listing of this job's records, if this process has read all of it. */
  #ownListed: readonly ListedObject[] | undefined;

  constructor(options: RecordSourceOptions) {
    this.#options = options;
    this.#index = this.#newIndex(options.distrustedPacks);
    this.#now = options.now ?? Date.now;
    this.#list = withoutOld(options.cache.load(), this.#now());
    this.#ownGroup = options.ownGroup;
    if (this.#list !== undefined || options.ownGroup !== undefined) this.#rebuild();
  }

  get index(): PackedIndex {
    return this.#index;
  }

  /** The server's time; the local time if no listing has returned the server's. */
  serverTimeMs(): number {
    return this.#now() + (this.#list?.clockSkewMs ?? 0);
  }

  /** Sets what this machine's run has used or put so far, so that later lookups find it. */
  setOwn(group: EntryGroup): void {
    this.#ownGroup = group;
    this.#rebuild();
  }

  /** The segments of this scope's own records in the bucket. */
  ownGroups(): EntryGroup[] {
    return this.#options.reader.local(this.#ownRefs());
  }

  /** For each record that is read and has this segment, the rows that its run used; `undefined`: all. */
  usedRows(segmentId: string): NamedSegment["used"][] {
    const groups = this.#options.reader.local(
      (this.#list?.records ?? []).filter(({ role }) => role !== "new"),
    );
    return groups.flatMap(({ segments }) =>
      segments.filter(({ segment }) => segment.id === segmentId).map(({ used }) => used),
    );
  }

  /** The keys of this job's records that nobody reads now that a run has begun with the record `newKey`. */
  async surplusRecords(newKey: string, signal: AbortSignal): Promise<string[]> {
    const { store, keys, scope } = this.#options;
    const listed = this.#ownListed ?? (await listJob(store, keys, scope, signal));
    const now = { key: newKey, etag: "", sizeBytes: 0, modifiedMs: this.serverTimeMs() };
    const runs = listedRuns(
      [now, ...listed.filter(({ key }) => runStem(key) !== runStem(newKey))],
      MAX_RECORD_BYTES,
    );
    const kept = new Set(runsToKeep(runs));
    return runs.filter((run) => !kept.has(run)).flatMap(({ records }) => records.map(({ key }) => key));
  }

  /** What a run of this scope most likely needs: the segments of its own records, else of the fallbacks. */
  newestGroups(): EntryGroup[] {
    const own = [this.#ownGroup, ...this.ownGroups()].filter((group) => group !== undefined);
    if (own.length > 0) return own;
    return this.#options.reader.local((this.#list?.records ?? []).filter(({ role }) => role === "other"));
  }

  /** Looks an action up; refreshes a stale index. Rejects if there is no local list and the refresh fails. */
  async find(actionId: string): Promise<IndexedEntry | undefined> {
    const isStale = this.#isStale();
    if (isStale) this.#startRefresh();
    // Keep the promise: a failed refresh is reset, possibly before the heads have arrived.
    const refresh = this.#refresh;
    if (this.#list === undefined) await this.#heads;
    const found = this.#index.find(actionId);
    if (found !== undefined) return found;
    if (this.#list === undefined) await refresh;
    if (isStale && !this.#hasWaited) await this.#awaitRefresh(refresh);
    return this.#index.find(actionId) ?? (await this.#findInAdditions(actionId));
  }

  /** Whether this machine has ever read the bucket's records for this scope. */
  get isKnown(): boolean {
    return this.#list !== undefined;
  }

  /** Reads the records unless this machine has done so before. Rejects if a request fails. */
  async readOnce(signal: AbortSignal): Promise<void> {
    if (!this.isKnown) await this.#read(signal);
  }

  /** Reads the newest records now, even if the copies are fresh. */
  async refreshNow(): Promise<void> {
    this.#startRefresh();
    await this.#refresh;
  }

  #ownRefs(): RecordRef[] {
    return (this.#list?.records ?? []).filter(({ role }) => role === "own");
  }

  #isStale(): boolean {
    if (this.#list === undefined) return true;
    const ageMs = this.#now() - this.#list.refreshedAtMs;
    return ageMs < 0 || ageMs > this.#list.pauseMs;
  }

  #startRefresh(): void {
    const mayRetry = this.#failedAtMs !== undefined && this.#now() - this.#failedAtMs > FIRST_PAUSE_MS;
    if (this.#refresh !== undefined && !mayRetry) return;
    if (this.#list === undefined) this.#heads ??= this.#readHeads();
    this.#hasWaited = false;
    this.#failedAtMs = undefined;
    const refresh = this.#read();
    this.#refresh = refresh;
    const startedAtMs = this.#now();
    refresh.then(
      () => this.#forget(refresh),
      (error) => {
        // Without a copy the next lookup retries. With one, lookups use it for a while.
        if (this.#list === undefined) return this.#forget(refresh);
        this.#options.onTrouble(error);
        this.#failedAtMs = startedAtMs;
      },
    );
  }

  /** Lets a long-lived process refresh again when the copies become stale. */
  #forget(refresh: Promise<void>): void {
    if (this.#refresh === refresh) this.#refresh = undefined;
  }

  async #awaitRefresh(refresh: Promise<void> | undefined): Promise<void> {
    this.#hasWaited = true;
    using limit = new Deadline(REFRESH_WAIT_MS);
    await abortable(Promise.resolve(refresh), limit.signal).catch(() => undefined);
  }

  async #findInAdditions(actionId: string): Promise<IndexedEntry | undefined> {
    this.#unknown++;
    if (this.#unknown < UNKNOWN_BEFORE_ADDITIONS) return undefined;
    const requestedMs = Math.max(this.#list?.additionsAtMs ?? 0, this.#additionsRequestedMs);
    const isDue = Math.abs(this.#now() - requestedMs) > FIRST_PAUSE_MS;
    if (this.#additions === undefined || isDue) {
      this.#additionsRequestedMs = this.#now();
      this.#additions = isDue ? this.#readAdditions() : Promise.resolve();
      await this.#awaitRefresh(this.#additions);
      this.#additions.catch(this.#options.onTrouble);
    }
    return this.#index.find(actionId);
  }

  async #read(signal: AbortSignal = this.#options.signal): Promise<void> {
    const { store, keys, readKeys = [], scope } = this.#options;
    const before = this.#list;
    const old = before?.records ?? [];
    const places = [keys, ...readKeys];
    const listing = await this.#fetchListed((bounded) => listRuns(store, places, scope, bounded), signal);
    this.#ownListed = listing.own;
    const hasNew = listing.refs.some((ref) => !old.some((known) => isSameRef(known, ref)));
    const pauseMs = hasNew || before === undefined ? FIRST_PAUSE_MS : 2 * before.pauseMs;
    this.#keep({
      refreshedAtMs: this.#now(),
      pauseMs: Math.min(pauseMs, LONGEST_PAUSE_MS),
      clockSkewMs: listing.serverTimeMs - this.#now(),
      additionsAtMs: before?.additionsAtMs ?? 0,
      records: [...listing.refs, ...additionsIn(withoutOld(this.#list, this.#now()))],
    });
  }

  /** Never rejects: the parallel listing reports failures. */
  async #readHeads(): Promise<void> {
    for (const head of readHeads(this.#options)) {
      const group = await head;
      // The head of the nearest branch is enough to begin with.
      if (group !== undefined && this.#list === undefined) return this.#index.add(group);
    }
  }

  async #readAdditions(): Promise<void> {
    const { store, keys, readKeys = [], scope } = this.#options;
    await this.#refresh;
    const { refs } = await this.#fetchListed(
      (bounded) => listAdditions(store, [keys, ...readKeys], scope, bounded),
      this.#options.signal,
    );
    const list = this.#list;
    if (list === undefined) return;
    const records = [...list.records.filter(({ role }) => role !== "new"), ...refs];
    this.#keep({ ...list, additionsAtMs: this.#now(), records });
  }

  /** Sends all listings in parallel, then all requests for records. */
  async #fetchListed(list: (signal: AbortSignal) => Promise<Listing>, signal: AbortSignal): Promise<Listing> {
    const listing = await list(signal);
    const own = runStem(this.#options.ownKey ?? "");
    const foreign = listing.refs.filter(({ key }) => runStem(key) !== own);
    await this.#options.reader.fetch(foreign, signal);
    return { ...listing, refs: foreign };
  }

  #keep(list: RecordList): void {
    this.#list = list;
    this.#options.cache.save(list);
    this.#options.reader.keepOnly(list.records);
    this.#rebuild();
  }

  #newIndex(distrustedPacks: Set<string> | undefined): PackedIndex {
    return new PackedIndex(distrustedPacks, (id) => this.#options.onUnreadable(id));
  }

  #rebuild(): void {
    this.#index = this.#newIndex(this.#index.distrustedPacks);
    const groups = this.#options.reader.local(this.#list?.records ?? []);
    for (const group of [this.#ownGroup, ...groups]) if (group !== undefined) this.#index.add(group);
  }
}

/** The newest record of this job on each branch, the nearest branch first; `undefined` where it can't be read. */
function readHeads({ scope, keys, readKeys = [], reader, signal }: RecordSourceOptions) {
  const branches = [scope.branch, ...scope.fallbackBranches];
  return [keys, ...readKeys].flatMap((at) =>
    branches.map(async (branch): Promise<EntryGroup | undefined> => {
      const head = reader.fetchHead(at.head(scope, branch), at.runs(scope, branch), signal);
      return await head.catch(() => undefined);
    }),
  );
}

export interface RecordSourceOptions {
  store: ObjectStore;
  keys: PackedKeys;
  /** The keys of the additional prefixes to read. */
  readKeys?: readonly PackedKeys[] | undefined;
  scope: Scope;
  /** See `PackedIndex`; `undefined`: a set of its own. */
  distrustedPacks?: Set<string> | undefined;
  cache: Pick<RecordCache, "load" | "save">;
  reader: RecordReader;
  /** The segments in the log of this machine's run. */
  ownGroup: EntryGroup | undefined;
  /** The key of that run's record, which is never fetched. */
  ownKey: string | undefined;
  /** Called with the id of a segment whose bytes can't be read any more. */
  onUnreadable: (segmentId: string) => void;
  /** Aborts all requests. */
  signal: AbortSignal;
  /** Receives the errors of refreshes in the background. */
  onTrouble: (error: unknown) => void;
  now?: () => number;
}
