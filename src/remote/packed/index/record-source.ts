import { abortable } from "../../../lib/async/abortable.ts";
import { Deadline } from "../../../lib/async/deadline.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import type { Scope } from "../../scope/scope.ts";
import type { PackedKeys } from "../format/keys.ts";
import { type EntryGroup, type IndexedEntry, PackedIndex } from "./packed-index.ts";
import type { RecordCache, RecordList, RecordRef } from "./record-cache.ts";
import { type Listing, listAdditions, listRuns } from "./record-listing.ts";
import type { RecordReader } from "./record-reader.ts";

/** A copy this young is taken as current; one that brings nothing new is asked for ever less often. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** How long go waits for news when an older copy has no answer. */
const NEWS_WAIT_MS = 300;
/** Unknown actions after which other scopes' additions are looked at: a checkout that was just merged, say. */
const UNKNOWN_BEFORE_ADDITIONS = 4;

/** Keeps the index: from this machine's copies at once, from the bucket when those are old. */
export class RecordSource {
  readonly #options: RecordSourceOptions;
  readonly #now: () => number;
  #index: PackedIndex;
  #list: RecordList | undefined;
  #refresh: Promise<void> | undefined;
  /** What a machine without any copy reads beside the first listing. */
  #heads: Promise<void> | undefined;
  #additions: Promise<void> | undefined;
  #unknown = 0;
  #ownGroup: EntryGroup | undefined;
  #failedAtMs: number | undefined;
  /** When additions were asked for last. */
  #askedAtMs = 0;
  #hasWaited = false;

  constructor(options: RecordSourceOptions) {
    this.#options = options;
    this.#index = new PackedIndex(options.distrustedPacks);
    this.#now = options.now ?? Date.now;
    this.#list = options.cache.load();
    this.#ownGroup = options.ownGroup;
    if (this.#list !== undefined || options.ownGroup !== undefined) this.#rebuild();
  }

  get index(): PackedIndex {
    return this.#index;
  }

  /** The server's clock, as far as it is known. */
  serverTimeMs(): number {
    return this.#now() + (this.#list?.clockSkewMs ?? 0);
  }

  /** This machine's run has now used and put these, all of them: who lives on can be asked for them, too. */
  setOwn(entries: EntryGroup["entries"]): void {
    this.#ownGroup = { entries };
    this.#rebuild();
  }

  /** This scope's own records: what the bucket says of it already. */
  ownGroups(): EntryGroup[] {
    return this.#options.reader.local(this.#ownRefs());
  }

  /** What a run of this scope will most likely need: its own records, or those that stand in for them. */
  newestGroups(): EntryGroup[] {
    const own = [this.#ownGroup, ...this.ownGroups()].filter((group) => group !== undefined);
    if (own.length > 0) return own;
    return this.#options.reader.local((this.#list?.records ?? []).filter(({ role }) => role === "other"));
  }

  /** When the newest of them was written, by our clock; 0: there is none. */
  ownRecordMs(): number {
    const writtenMs = Math.max(0, ...this.#ownRefs().map(({ modifiedMs }) => modifiedMs));
    return writtenMs - (this.#list?.clockSkewMs ?? 0);
  }

  /** Looks an action up, in the bucket's records too where that is worth it. Rejects when they can't be had. */
  async find(actionId: string): Promise<IndexedEntry | undefined> {
    const isStale = this.#isStale();
    if (isStale) this.#startRefresh();
    // One that fails is forgotten, and it may have failed before the heads have come.
    const refresh = this.#refresh;
    if (this.#list === undefined) await this.#heads;
    const found = this.#index.find(actionId);
    if (found !== undefined) return found;
    if (this.#list === undefined) await refresh;
    if (isStale && !this.#hasWaited) await this.#awaitNews(refresh);
    return this.#index.find(actionId) ?? (await this.#findInAdditions(actionId));
  }

  /** Whether this machine has ever read what the bucket's records say. */
  get isKnown(): boolean {
    return this.#list !== undefined;
  }

  /** Reads the records if that was never done. Rejects when they can't be had. */
  async readOnce(signal: AbortSignal): Promise<void> {
    if (!this.isKnown) await this.#read(signal);
  }

  /** Reads the newest records now, however young the copies are. */
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
        // Without a copy the next lookup retries; a copy is used for a while.
        if (this.#list === undefined) return this.#forget(refresh);
        this.#options.onTrouble(error);
        this.#failedAtMs = startedAtMs;
      },
    );
  }

  /** A copy that gets old in a long life is refreshed again. */
  #forget(refresh: Promise<void>): void {
    if (this.#refresh === refresh) this.#refresh = undefined;
  }

  async #awaitNews(news: Promise<void> | undefined): Promise<void> {
    this.#hasWaited = true;
    using limit = new Deadline(NEWS_WAIT_MS);
    await abortable(Promise.resolve(news), limit.signal).catch(() => undefined);
  }

  async #findInAdditions(actionId: string): Promise<IndexedEntry | undefined> {
    this.#unknown++;
    if (this.#unknown < UNKNOWN_BEFORE_ADDITIONS) return undefined;
    const isDue =
      Math.abs(this.#now() - Math.max(this.#list?.additionsAtMs ?? 0, this.#askedAtMs)) > FIRST_PAUSE_MS;
    if (this.#additions === undefined || isDue) {
      this.#askedAtMs = this.#now();
      this.#additions = isDue ? this.#readAdditions() : Promise.resolve();
      await this.#awaitNews(this.#additions);
      this.#additions.catch(this.#options.onTrouble);
    }
    return this.#index.find(actionId);
  }

  async #read(signal: AbortSignal = this.#options.signal): Promise<void> {
    const { store, keys, readKeys = [], scope } = this.#options;
    const before = this.#list;
    const old = before?.records ?? [];
    const places = [keys, ...readKeys];
    const listing = await this.#bring((bounded) => listRuns(store, places, scope, bounded), signal);
    const isNews = listing.refs.some((ref) => !old.some((known) => isSameRef(known, ref)));
    const pauseMs = isNews || before === undefined ? FIRST_PAUSE_MS : 2 * before.pauseMs;
    this.#keep({
      refreshedAtMs: this.#now(),
      pauseMs: Math.min(pauseMs, LONGEST_PAUSE_MS),
      clockSkewMs: listing.serverTimeMs - this.#now(),
      additionsAtMs: before?.additionsAtMs ?? 0,
      records: [...listing.refs, ...(this.#list?.records ?? []).filter(({ role }) => role === "new")],
    });
  }

  /** Never rejects: the listing says what is wrong. */
  async #readHeads(): Promise<void> {
    for (const head of readHeads(this.#options)) {
      const group = await head;
      // The nearest branch that has one is enough to begin with.
      if (group !== undefined && this.#list === undefined) return this.#index.add(group);
    }
  }

  async #readAdditions(): Promise<void> {
    const { store, keys, readKeys = [], scope } = this.#options;
    await this.#refresh;
    const { refs } = await this.#bring(
      (bounded) => listAdditions(store, [keys, ...readKeys], scope, bounded),
      this.#options.signal,
    );
    const list = this.#list;
    if (list === undefined) return;
    const records = [...list.records.filter(({ role }) => role !== "new"), ...refs];
    this.#keep({ ...list, additionsAtMs: this.#now(), records });
  }

  /** One burst of listings, then one of records. */
  async #bring(list: (signal: AbortSignal) => Promise<Listing>, signal: AbortSignal): Promise<Listing> {
    const listing = await list(signal);
    const foreign = listing.refs.filter(({ key }) => key !== this.#options.ownKey);
    await this.#options.reader.fetch(foreign, signal);
    return { ...listing, refs: foreign };
  }

  #keep(list: RecordList): void {
    this.#list = list;
    this.#options.cache.save(list);
    this.#options.reader.keepOnly(list.records);
    this.#rebuild();
  }

  #rebuild(): void {
    this.#index = new PackedIndex(this.#index.distrustedPacks);
    const groups = this.#options.reader.local(this.#list?.records ?? []);
    for (const group of [this.#ownGroup, ...groups]) if (group !== undefined) this.#index.add(group);
  }
}

/** The newest record of this job on each branch, the nearest first; `undefined` where there is none to be had. */
function readHeads({ scope, keys, readKeys = [], reader, signal }: RecordSourceOptions) {
  const branches = [scope.branch, ...scope.fallbackBranches];
  return [keys, ...readKeys].flatMap((at) =>
    branches.map(async (branch): Promise<EntryGroup | undefined> => {
      const head = reader.fetchHead(at.head(scope, branch), at.runs(scope, branch), signal);
      return await head.catch(() => undefined);
    }),
  );
}

function isSameRef(a: RecordRef, b: RecordRef): boolean {
  return a.key === b.key && a.etag === b.etag;
}

export interface RecordSourceOptions {
  store: ObjectStore;
  keys: PackedKeys;
  /** Those of further prefixes that are read. */
  readKeys?: readonly PackedKeys[] | undefined;
  scope: Scope;
  /** See `PackedIndex`; `undefined`: a set of its own. */
  distrustedPacks?: Set<string> | undefined;
  cache: RecordCache;
  reader: RecordReader;
  /** What this machine's run has in its log, and under which key; it need not be fetched. */
  ownGroup: EntryGroup | undefined;
  ownKey: string | undefined;
  /** Aborts when nothing more is wanted. */
  signal: AbortSignal;
  /** Told of failures that nobody waits for. */
  onTrouble: (error: unknown) => void;
  now?: () => number;
}
