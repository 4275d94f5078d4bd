import type { OnMiss } from "../../buildcache/miss-reason.ts";
import { IdList } from "../../lib/id-list.ts";
import { IdTable } from "../../lib/id-table.ts";
import { ObjectSum } from "../../lib/object-sum.ts";
import { describeDenial, isUnsigned } from "../../store/describe-store-error.ts";
import { isAccessDenied } from "../../store/store-failure.ts";
import { type CompileTimes, MAX_COMPILE_MS } from "../compile-times.ts";
import { ReadGate } from "../read-gate.ts";
import type { ReadSession } from "../read-session.ts";
import type { Scope } from "../scope/scope.ts";
import { isLarge } from "./fetch/large-output.ts";
import { PrefetchPlan, planOf } from "./fetch/prefetch-plan.ts";
import { recordActions } from "./fetch/write-output.ts";
import type { PackedEntry } from "./format/entry.ts";
import { PackedKeys } from "./format/keys.ts";
import type { RecordTrust } from "./format/record-trust.ts";
import { type EntryGroup, type IndexedEntry, PackedIndex } from "./index/packed-index.ts";
import { RecordCache } from "./index/record-cache.ts";
import { RecordReader } from "./index/record-reader.ts";
import { RecordSource } from "./index/record-source.ts";
import { SegmentSource } from "./index/segment-source.ts";
import type { PackedTransfer, TransferOptions } from "./packed-transfer.ts";

/** Finds actions in the records of earlier runs and fetches their outputs to the local disk. */
export class PackedReader {
  readonly source: RecordSource;
  readonly #options: ReaderOptions;
  readonly #gate: ReadGate;
  /** Weak, since a server creates a new group for each session that uploads something. */
  readonly #plans = new WeakMap<EntryGroup, PrefetchPlan>();
  readonly #received = new ObjectSum();
  readonly #abandoned = new AbortController();
  #isDenied = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { store, prefix, readPrefixes, scope, dir, trust, ownRun, counters, log } = options;
    const { health } = store;
    this.#gate = new ReadGate({ health, counters, log, received: this.#received });
    const cache = new RecordCache(dir);
    const segments = new SegmentSource({ store, files: options.transfer.segments, counters, log });
    this.source = new RecordSource({
      store,
      keys: new PackedKeys(prefix),
      readKeys: readPrefixes?.map((other) => new PackedKeys(other)),
      scope,
      distrustedPacks: options.transfer.distrustedPacks,
      cache,
      reader: new RecordReader({ store, cache, segments, check: trust?.check, counters, log }),
      ownGroup: ownRun?.group,
      ownKey: ownRun?.key,
      onUnreadable: (segmentId) => options.transfer.segments.remove(segmentId),
      signal: this.#gate.signal,
      onTrouble: (error) => {
        if (isAccessDenied(error)) health.readsDenied(describeDenial(error));
      },
    });
  }

  /** See `PackedRemote.get`. */
  async get(actionId: string, onMiss: OnMiss, session?: ReadSession): Promise<PackedEntry | undefined> {
    if (this.#isDenied) {
      this.#missDenied(onMiss);
      return undefined;
    }
    const lookUp = () => this.#lookUp(actionId, onMiss);
    return await this.#gate.run(`get action ${actionId}`, lookUp, onMiss, session);
  }

  isBypassed(session?: ReadSession): boolean {
    return this.#gate.isBypassed(session);
  }

  isSlowButWarm(session?: ReadSession): boolean {
    return this.#gate.isSlowButWarm(session);
  }

  /** Whether the bucket denies listing. */
  get isDenied(): boolean {
    return this.#isDenied;
  }

  /** See `PackedRemote.prefetch`. `onEntries`: what is planned, and those of it that no other record has named. */
  async prefetch(
    onEntries: (entries: PackedEntry[], news: PackedEntry[]) => void = () => {},
  ): Promise<PrefetchCount> {
    const { restorer } = this.#options.transfer;
    const groups = this.source.newestGroups();
    const known = new IdTable();
    for (const { segments } of groups) {
      const onPlanned = (some: PackedEntry[]) => {
        this.#learn(some);
        onEntries(
          some,
          some.filter(({ actionId }) => known.set(actionId) === 0),
        );
      };
      restorer.prefetch(new PrefetchPlan(segments), { received: this.#received, onPlanned });
    }
    await restorer.idle();
    await restorer.finish();
    return { records: groups.length, entries: known.size };
  }

  /** See `PackedRemote.prefetchAll`. */
  async prefetchAll(): Promise<PrefetchCount & { missing: number; failure: unknown }> {
    const all = new IdList();
    const large: PackedEntry[] = [];
    using _watch = this.#options.transfer.restorer.watch();
    const count = await this.prefetch((entries, news) => {
      for (const { actionId } of news) all.push(actionId);
      large.push(...entries.filter((entry) => entry.place && isLarge(entry, entry.place)));
    });
    for (const entry of large) await this.#fetchLarge(entry);
    let missing = 0;
    for (const actionId of all) if (!this.#options.local.has(actionId)) missing++;
    return { ...count, missing, failure: this.#prefetchFailure() };
  }

  /** Why the bucket had not all entries, if it says so. */
  #prefetchFailure(): unknown {
    const { restorer, badPackReports } = this.#options.transfer;
    const bad = badPackReports > 0 ? new Error("packs that its records name are gone or damaged") : undefined;
    return restorer.firstFailure ?? bad;
  }

  /** See `PackedRemote.prefetchActions`. */
  async prefetchActions(actionIds: readonly (readonly string[])[]): Promise<ActionsCount> {
    const { restorer } = this.#options.transfer;
    const entries = actionIds.flatMap((alternatives) => {
      const [found] = alternatives.flatMap((actionId) => this.source.index.find(actionId)?.entry ?? []);
      return found === undefined ? [] : [found];
    });
    using _watch = restorer.watch();
    restorer.prefetch(planOf(entries), { received: this.#received });
    await restorer.idle();
    await restorer.finish();
    for (const entry of entries)
      if (entry.place && isLarge(entry, entry.place)) await this.#fetchLarge(entry);
    const found = entries.map(({ actionId }) => actionId);
    return { records: this.source.newestGroups().length, found, failure: this.#prefetchFailure() };
  }

  /** See `PackedRemote.usedLately`. */
  usedLately(actionIds: readonly string[]): PackedEntry[] {
    const newest = new PackedIndex(this.#options.transfer.distrustedPacks);
    for (const group of this.source.newestGroups()) newest.add(group);
    return actionIds.flatMap((actionId) => {
      const found = newest.find(actionId);
      return found === undefined || found.row.named.used?.has(found.row.row) === false ? [] : [found.entry];
    });
  }

  /** See `PackedRemote.readRecords`. */
  async readRecords(): Promise<void> {
    await this.source.readOnce(this.#abandoned.signal);
  }

  /** The same, to avoid repeated uploads. Never rejects. */
  async loadIndex(): Promise<void> {
    if (this.#isDenied || this.#options.store.health.reads.open !== undefined) return;
    try {
      await this.readRecords();
    } catch (error) {
      if (isAccessDenied(error)) this.#denied(error);
    }
  }

  /** Ends lookups. A shared transfer continues to fetch. */
  async stop(): Promise<void> {
    if (!this.#options.isShared) this.#options.transfer.restorer.stop();
    await this.#gate.abort();
  }

  abandon(): void {
    void this.stop();
    this.#abandoned.abort(new Error("the session was aborted"));
  }

  /** Informs the user if the bucket denied all reads. */
  reportDenials(): void {
    this.#gate.reportDenials();
  }

  async #lookUp(actionId: string, onMiss: OnMiss): Promise<PackedEntry | undefined> {
    const found = await this.#find(actionId, onMiss);
    if (found === undefined) return undefined;
    const { restorer } = this.#options.transfer;
    const { entry } = found;
    this.#prefetch(found);
    if (await restorer.fetch(entry, this.#received)) return entry;
    // The pack is gone or damaged; another pack may have the output.
    const other = this.source.index.find(actionId)?.entry;
    const isElsewhere = other !== undefined && other.place?.pack.id !== entry.place?.pack.id;
    if (isElsewhere && (await restorer.fetch(other, this.#received))) return other;
    onMiss("gone");
    return undefined;
  }

  /** Never rejects: what fails is a miss. */
  async #fetchLarge(entry: PackedEntry): Promise<void> {
    const { transfer, local, counters } = this.#options;
    try {
      if (!(await transfer.restorer.fetch(entry, this.#received))) return;
      counters.add("prefetch_bytes", entry.place?.length ?? 0);
      recordActions([entry], local);
    } catch {
      // As said above.
    }
  }

  /** First the pack of this entry, then the rest of the group. */
  #prefetch({ group, row }: IndexedEntry): void {
    const { restorer } = this.#options.transfer;
    const options = { received: this.#received, onPlanned: (entries: PackedEntry[]) => this.#learn(entries) };
    const known = this.#plans.get(group);
    const plan = known ?? new PrefetchPlan(group.segments);
    restorer.prefetchNow(plan.take(row), options);
    if (known !== undefined) return;
    this.#plans.set(group, plan);
    restorer.prefetch(plan, options);
  }

  #learn(entries: PackedEntry[]): void {
    this.#options.compileTimes?.learn(
      entries.flatMap(({ actionId, compileMs }) =>
        compileMs === undefined ? [] : [[actionId, Math.min(compileMs, MAX_COMPILE_MS)]],
      ),
    );
  }

  async #find(actionId: string, onMiss: OnMiss): Promise<IndexedEntry | undefined> {
    try {
      return await this.source.find(actionId);
    } catch (error) {
      if (!isAccessDenied(error)) throw error;
      this.#denied(error);
      this.#missDenied(onMiss);
      return undefined;
    }
  }

  #missDenied(onMiss: OnMiss): void {
    this.#options.counters.add("get_remote_denied");
    onMiss("denied");
  }

  #denied(error: unknown): void {
    const { counters, store } = this.#options;
    if (!this.#isDenied) counters.add(isUnsigned(error) ? "remote_unsigned" : "remote_list_denied");
    this.#isDenied = true;
    store.health.readsDenied(describeDenial(error));
  }
}

/** The runs that were read; 0: none is known. Their entries, fetched or local already unless that failed. */
export interface PrefetchCount {
  records: number;
  entries: number;
}

/** The actions that were found in the runs that were read; their outputs are local unless that failed. */
export interface ActionsCount {
  records: number;
  found: string[];
  failure: unknown;
}

export interface ReaderOptions
  extends Pick<TransferOptions, "store" | "prefix" | "readPrefixes" | "local" | "counters" | "log"> {
  scope: Scope;
  /** The directory of the local copies of records. */
  dir: string;
  transfer: PackedTransfer;
  /** Whether other remotes use the transfer, too. */
  isShared: boolean;
  /** `undefined`: accepts every record and writes unsigned ones. */
  trust?: RecordTrust | undefined;
  /** Learns the compile times in the records. */
  compileTimes?: CompileTimes | undefined;
  /** The segments in the log of this machine's run, and the key of its record, which is never fetched. */
  ownRun: { key: string; group: EntryGroup } | undefined;
}
