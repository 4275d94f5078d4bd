import { join } from "node:path";
import type { CacheEntry, LocalEntry } from "../../buildcache/entry.ts";
import type { OnMiss } from "../../buildcache/miss-reason.ts";
import { removeLink } from "../../lib/files/remove-link.ts";
import { ObjectSum } from "../../lib/object-sum.ts";
import { describeDenial, isUnsigned } from "../../store/describe-trouble.ts";
import type { StoreHealth } from "../../store/guard/store-health.ts";
import { isAccessDenied } from "../../store/store-failure.ts";
import type { CompileTimes } from "../compile-times.ts";
import { ReadGate } from "../read-gate.ts";
import type { ReadSession } from "../read-session.ts";
import type { Scope } from "../scope/scope.ts";
import { collectDaily } from "./bucket/daily-gc.ts";
import { Burst } from "./burst.ts";
import type { PackedEntry } from "./format/entry.ts";
import { PackedKeys, projectHash, scopeHash } from "./format/keys.ts";
import type { LocalOutput } from "./format/output-frame.ts";
import type { RecordTrust } from "./format/record-trust.ts";
import type { EntryGroup } from "./index/packed-index.ts";
import { RecordCache } from "./index/record-cache.ts";
import { RecordReader } from "./index/record-reader.ts";
import { RecordSource } from "./index/record-source.ts";
import { PackedTransfer, type TransferOptions } from "./packed-transfer.ts";
import { collectRow } from "./row-collector.ts";
import { openJournal } from "./write/journal.ts";
import { PackedWriter } from "./write/packed-writer.ts";
import { repackSmall } from "./write/repack.ts";
import { RunLog } from "./write/run-log.ts";
import { RunPublisher } from "./write/run-publisher.ts";
import { SessionLog } from "./write/session-log.ts";

const ID_DIGITS = 64;

/** Build outputs in packs, found by what earlier runs wrote down (README, "How it works"). */
export class PackedRemote {
  readonly #options: PackedRemoteOptions;
  readonly #transfer: PackedTransfer;
  readonly #gate: ReadGate;
  readonly #source: RecordSource;
  readonly #session = new SessionLog();
  readonly #writer: PackedWriter | undefined;
  readonly #burst: Burst;
  /** Not kept alive by this: a server makes a new one with each session that stores something. */
  readonly #prefetched = new WeakSet<EntryGroup>();
  readonly #brought = new ObjectSum();
  readonly #abandoned = new AbortController();
  #isListingDenied = false;

  constructor(options: PackedRemoteOptions) {
    this.#options = options;
    const { store, prefix, scope, local, counters, log } = options;
    const { health } = store;
    const keys = new PackedKeys(prefix);
    const dir = join(options.stateDir, scopeHash(scope));
    // It may lead out of the cache directory.
    removeLink(dir);
    this.#transfer = options.transfer ?? new PackedTransfer(options);
    const { uploads, packer } = this.#transfer;
    this.#gate = new ReadGate({ health, counters, log, brought: this.#brought });
    const cache = new RecordCache(dir);
    const { trust, compileTimes } = options;
    const reader = new RecordReader({ store, cache, check: trust?.check, compileTimes, counters, log });
    const runLog = new RunLog(dir, scope.run, trust);
    const before = runLog.load();
    this.#source = new RecordSource({
      store,
      keys,
      readKeys: options.readPrefixes?.map((other) => new PackedKeys(other)),
      scope,
      distrustedPacks: this.#transfer.distrustedPacks,
      cache,
      reader,
      ownGroup: before && { entries: before.entries },
      ownKey: before?.key,
      signal: this.#gate.signal,
      onTrouble: (error) => {
        if (isAccessDenied(error)) health.readsDenied(describeDenial(error));
      },
    });
    this.#burst = new Burst(join(options.stateDir, "session-ended"), options);
    if (options.readOnly) return;
    const repacking = { local, store: (outputs: LocalOutput[]) => packer.repack(outputs) };
    this.#writer = new PackedWriter({
      index: () => this.#source.index,
      local,
      session: this.#session,
      packer,
      uploads,
      publisher: new RunPublisher({
        keys,
        scope,
        machine: options.machine,
        host: options.host,
        log: runLog,
        uploads,
        ownEntries: () => this.#source.ownGroups().flatMap(({ entries }) => entries),
        ownRecordMs: () => this.#source.ownRecordMs(),
        isTrusted: (place) => this.#source.index.isTrusted(place),
        repack: (entries) => repackSmall(entries, repacking),
        serverTimeMs: () => this.#source.serverTimeMs(),
        signer: trust?.signer,
        compileTimes,
        // Whose session ends with it will not ask again.
        onRecorded: options.transfer && ((entries) => this.#source.setOwn(entries)),
      }),
      journal: this.#isSigning ? NO_JOURNAL : openJournal(join(options.stateDir, "journal"), scope),
      isSigning: this.#isSigning,
      counters,
      isBucketKnown: () => this.#source.isKnown,
      badPackReports: () => this.#transfer.badPackReports,
      isDenied: () => health.isDenied,
    });
    // In a row of go commands another helper may be at it, and a server is at it for long.
    if (!this.#burst.isUnderWay || options.transfer !== undefined) this.#writer.adopt();
  }

  /**
   * Looks an action up and brings its output to the local disk. Never rejects. `onMiss` is told why that is not to be
   * had. `session`: whose waiting this is, when several share this remote.
   */
  async get(
    actionId: string,
    onMiss: OnMiss = () => {},
    session?: ReadSession,
  ): Promise<CacheEntry | undefined> {
    if (this.#isListingDenied) {
      this.#options.counters.add("get_remote_denied");
      onMiss("denied");
      return undefined;
    }
    const lookUp = () => this.#lookUp(actionId, onMiss);
    const entry = await this.#gate.run(`get action ${actionId}`, lookUp, onMiss, session);
    if (entry !== undefined) this.foundElsewhere(entry);
    return entry;
  }

  /** Whether the session's last look-up was not waited for: the bucket is too slow, or in trouble. */
  isLeftAlone(session?: ReadSession): boolean {
    return this.#gate.isLeftAlone(session);
  }

  /** Whether waiting has not paid for this session, although the bucket had most of what was looked up. */
  isStockedButSlow(session?: ReadSession): boolean {
    return this.#gate.isStockedButSlow(session);
  }

  /** Notes that this session used an entry that somebody else brought to the local disk. */
  foundElsewhere(entry: CacheEntry): void {
    const path = this.#options.local.findOutput(entry.outputId)?.path;
    if (path !== undefined) this.used({ ...entry, path });
  }

  /**
   * Brings everything that the newest run of this job used (or of the jobs that stand in for it) to the local disk, ahead
   * of go. Rejects when the records can't be read.
   */
  async prefetch(): Promise<{ records: number; entries: number }> {
    await this.#source.refreshNow();
    const groups = this.#source.newestGroups();
    for (const group of groups) this.#transfer.restorer.prefetch(group.entries, this.#brought);
    await this.#transfer.restorer.idle();
    await this.#transfer.restorer.finish();
    return { records: groups.length, entries: groups.reduce((sum, { entries }) => sum + entries.length, 0) };
  }

  /** Notes that this session used an entry that it found on the local disk. */
  used(entry: LocalEntry): void {
    if (isRecordable(entry)) this.#session.add({ ...entry, isNew: false });
  }

  /** Stores an entry behind; whose it is makes no difference. */
  put(entry: LocalEntry, _session?: ReadSession): void {
    if (!this.#isListingDenied && isRecordable(entry)) this.#writer?.put(entry);
  }

  /** Ends the reading; uploads and writes down what is new, within the drain's limit, where that should be waited for. */
  async drain(): Promise<void> {
    this.#stopReading();
    await this.#gate.abort();
    const newsBytes = this.#writer?.newsBytes;
    // Of a bucket that takes nothing nobody waits for the next probe.
    const isTakingNothing = this.#health.writes.open !== undefined;
    if (newsBytes !== undefined && !isTakingNothing && !this.#burst.mayDefer(newsBytes)) {
      this.#options.store.uplink.hasten();
      await this.#writer?.drain(this.#options.drainTimeoutMs);
    }
    this.#gate.reportDenials();
  }

  /** What nobody needs to wait for: places what has come, notes what was used, and keeps the bucket tidy. */
  async settle(): Promise<void> {
    this.#burst.sessionEnded();
    await this.#transfer.restorer.finish();
    const writer = this.#writer;
    if (writer === undefined) return;
    const store = async () => {
      await this.#learnBucket();
      await writer.drain(this.#options.drainTimeoutMs);
    };
    if (this.#burst.mayDefer(writer.newsBytes ?? 0) && !this.#isSigning) {
      writer.handOver();
      const { scope } = this.#options;
      await collectRow({
        claims: this.#transfer.claims,
        project: projectHash(scope),
        adopt: () => writer.adopt(),
        store,
      });
    } else {
      writer.adopt();
      await store();
    }
    if (writer.hasPublished) await collectDaily(this.#options);
  }

  /** Gives up all that is under way. */
  abort(): void {
    this.#stopReading();
    void this.#gate.abort();
    this.#abandoned.abort(new Error("given up"));
    this.#writer?.abandon();
  }

  /**
   * For a server, whose remote outlives sessions: brings what is new into the bucket, and goes on. What can't be stored
   * now is tried again with the next call, and stays in the journal. Never rejects.
   */
  async store(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined || writer.isSettled || this.#health.writes.state === "open") return;
    await this.#learnBucket();
    await writer.store();
    if (writer.hasPublished) await collectDaily(this.#options);
  }

  /** Whether `store` has something to do. */
  get isDirty(): boolean {
    return this.#writer !== undefined && this.#session.size > 0 && !this.#writer.isSettled;
  }

  /** How many entries others should know and do not yet. */
  get waiting(): number {
    return this.#session.newsCount;
  }

  /** Whether it is known that this remote brings nothing any more, so that a new one is worth a try. */
  get isGivenUp(): boolean {
    return this.#isListingDenied || this.#health.isDenied;
  }

  /** Takes up what helpers or sessions have left that died. */
  adopt(): void {
    this.#writer?.adopt();
  }

  /** Lets go of everything; what is not in the bucket stays in the journal, for others. */
  retire(): void {
    this.#stopReading();
    void this.#gate.abort();
    this.#writer?.retire();
  }

  get #health(): StoreHealth {
    return this.#options.store.health;
  }

  /** Then every session stores its own: nobody knows who has written a journal. */
  get #isSigning(): boolean {
    return this.#options.trust?.signer !== undefined;
  }

  /** What is on its way in a shared transfer may be for others. */
  #stopReading(): void {
    if (this.#options.transfer === undefined) this.#transfer.restorer.stop();
  }

  async #lookUp(actionId: string, onMiss: OnMiss): Promise<PackedEntry | undefined> {
    const found = await this.#find(actionId, onMiss);
    if (found === undefined) return undefined;
    const { entry, group } = found;
    if (!this.#prefetched.has(group)) {
      this.#prefetched.add(group);
      this.#transfer.restorer.prefetch(group.entries, this.#brought);
    }
    if (await this.#transfer.restorer.bring(entry, this.#brought)) return entry;
    // Its pack was no good: another one may have it.
    const other = this.#source.index.find(actionId)?.entry;
    const isElsewhere = other !== undefined && other.place?.pack.id !== entry.place?.pack.id;
    if (isElsewhere && (await this.#transfer.restorer.bring(other, this.#brought))) return other;
    onMiss("gone");
    return undefined;
  }

  async #find(actionId: string, onMiss: OnMiss) {
    try {
      return await this.#source.find(actionId);
    } catch (error) {
      if (!isAccessDenied(error)) throw error;
      this.#denyListing(error);
      this.#options.counters.add("get_remote_denied");
      onMiss("denied");
      return undefined;
    }
  }

  /** A session that was local throughout has not read what the bucket holds, and would store it again. */
  async #learnBucket(): Promise<void> {
    const mayAsk = !this.#isListingDenied && this.#health.reads.open === undefined;
    if (this.#session.entries.length === 0 || !mayAsk) return;
    try {
      await this.#source.readOnce(this.#abandoned.signal);
    } catch (error) {
      if (isAccessDenied(error)) this.#denyListing(error);
    }
  }

  #denyListing(error: unknown): void {
    const { counters } = this.#options;
    if (!this.#isListingDenied) counters.add(isUnsigned(error) ? "remote_unsigned" : "remote_list_denied");
    this.#isListingDenied = true;
    this.#health.readsDenied(describeDenial(error));
  }
}

const NO_JOURNAL = {
  append: () => {},
  adopt: () => [],
  discard: () => {},
  handOver: () => {},
  leave: () => {},
};

/** go's ids are SHA-256 sums; a record has no place for others. */
function isRecordable({ actionId, outputId }: LocalEntry): boolean {
  return actionId.length === ID_DIGITS && outputId.length === ID_DIGITS;
}

export interface PackedRemoteOptions extends TransferOptions {
  scope: Scope;
  /** Names this machine in keys; without a dash. */
  machine: string;
  /** For people. */
  host: string;
  readOnly: boolean;
  drainTimeoutMs: number;
  /** Read after the own one, and never written. */
  readPrefixes?: readonly string[] | undefined;
  /** `undefined`: every record counts, and ours are not signed. */
  trust?: RecordTrust | undefined;
  /** Read from records, and written into ours. */
  compileTimes?: CompileTimes | undefined;
  /** Whether the machine may be gone as soon as go is. */
  mayEndWithGo: boolean;
  /** When the session began, in milliseconds since 1970. */
  startedMs: number;
  /** Shared with other scopes, by a server; `undefined`: one of its own. */
  transfer?: PackedTransfer | undefined;
}
