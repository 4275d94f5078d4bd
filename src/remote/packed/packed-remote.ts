import { join } from "node:path";
import type { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/describe-error.ts";
import type { Logger } from "../../lib/logger.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { isAccessDenied } from "../../store/store-failure.ts";
import type { TempFile } from "../../store/temp-file.ts";
import { RemoteHealth } from "../health.ts";
import { HealthFile } from "../health-file.ts";
import type { LocalBuilds } from "../local-outputs.ts";
import { ReadGate } from "../read-gate.ts";
import type { Scope } from "../scope/scope.ts";
import { Burst } from "./burst.ts";
import { Claims } from "./claims.ts";
import { collectDaily } from "./daily-gc.ts";
import type { Entry } from "./entry.ts";
import { Journal } from "./journal.ts";
import { PackedKeys, scopeHash } from "./keys.ts";
import type { OutputFile } from "./output-frame.ts";
import { PackUploader } from "./pack-uploader.ts";
import type { EntryGroup } from "./packed-index.ts";
import { PackedWriter } from "./packed-writer.ts";
import { Packer } from "./packer.ts";
import { RecordCache } from "./record-cache.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordSource } from "./record-source.ts";
import { repackSmall } from "./repack.ts";
import { Restorer } from "./restorer.ts";
import { collectRow } from "./row-collector.ts";
import { RunLog } from "./run-log.ts";
import { RunPublisher } from "./run-publisher.ts";
import { SessionLog } from "./session-log.ts";

const ID_DIGITS = 64;

/** An entry whose output is on the local disk. */
export interface LocalEntry {
  actionId: string;
  outputId: string;
  sizeBytes: number;
  putTimeMs: number;
  path: string;
}

/** Build outputs in packs, found by what earlier runs wrote down (README, "How it works"). */
export class PackedRemote {
  readonly #options: PackedRemoteOptions;
  readonly #gate: ReadGate;
  readonly #health: RemoteHealth;
  readonly #source: RecordSource;
  readonly #restorer: Restorer;
  readonly #session = new SessionLog();
  readonly #writer: PackedWriter | undefined;
  readonly #burst: Burst;
  readonly #claims: Claims;
  readonly #prefetched = new Set<EntryGroup>();
  readonly #abandoned = new AbortController();
  #isListingDenied = false;

  constructor(options: PackedRemoteOptions) {
    this.#options = options;
    const { store, prefix, scope, local, timeoutMs, counters, log } = options;
    const keys = new PackedKeys(prefix);
    const dir = join(options.stateDir, scopeHash(scope));
    this.#health = new RemoteHealth({
      file: new HealthFile(options.healthPath),
      log,
      remoteName: store.name,
      onWritesStopped: () => uploader.interrupt(),
    });
    const uploader = new PackUploader({ store, timeoutMs, health: this.#health, counters, log });
    this.#gate = new ReadGate({ health: this.#health, counters, log });
    const cache = new RecordCache(dir);
    const reader = new RecordReader({ store, cache, counters, log });
    const runLog = new RunLog(dir, scope.run);
    const before = runLog.load();
    this.#source = new RecordSource({
      store,
      keys,
      scope,
      cache,
      reader,
      ownGroup: before && { entries: before.entries },
      ownKey: before?.key,
      timeoutMs,
      signal: this.#gate.signal,
      onTrouble: (error) => this.#health.readFailed(error),
    });
    this.#claims = new Claims(join(options.stateDir, "claims"));
    this.#restorer = new Restorer({
      store,
      timeoutMs,
      local,
      claims: this.#claims,
      counters,
      onBadPack: (packId, error) => this.#distrust(packId, error),
    });
    this.#burst = new Burst(join(options.stateDir, "session-ended"), options);
    if (options.readOnly) return;
    const packer = new Packer({ ...options, keys, uploader });
    const repacking = { local, store: (outputs: OutputFile[]) => packer.repack(outputs) };
    this.#writer = new PackedWriter({
      index: () => this.#source.index,
      local,
      session: this.#session,
      packer,
      uploader,
      publisher: new RunPublisher({
        keys,
        scope,
        machine: options.machine,
        host: options.host,
        dir,
        log: runLog,
        uploader,
        ownEntries: () => this.#source.ownGroups().flatMap(({ entries }) => entries),
        ownRecordMs: () => this.#source.ownRecordMs(),
        repack: (entries) => repackSmall(entries, repacking),
        serverTimeMs: () => this.#source.serverTimeMs(),
      }),
      journal: new Journal(join(options.stateDir, "journal"), scope),
      counters,
      isBucketKnown: () => this.#source.isKnown,
      isRefused: () => this.#health.isRefused,
    });
    // In a row of go commands another helper may be at it.
    if (!this.#burst.isUnderWay) this.#writer.adopt();
  }

  /** Looks an action up and brings its output to the local disk. Never rejects. */
  async get(actionId: string): Promise<Omit<LocalEntry, "path" | "actionId"> | undefined> {
    if (this.#isListingDenied) return undefined;
    const entry = await this.#gate.run(`get action ${actionId}`, () => this.#lookUp(actionId));
    if (entry !== undefined) this.foundElsewhere(entry);
    return entry;
  }

  /** Notes that this session used an entry that somebody else brought to the local disk. */
  foundElsewhere(entry: Omit<LocalEntry, "path">): void {
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
    for (const group of groups) this.#restorer.prefetch(group.entries);
    await this.#restorer.idle();
    await this.#restorer.finish();
    return { records: groups.length, entries: groups.reduce((sum, { entries }) => sum + entries.length, 0) };
  }

  /** Notes that this session used an entry that it found on the local disk. */
  used(entry: LocalEntry): void {
    if (isRecordable(entry)) this.#session.add({ ...entry, isNew: false });
  }

  /** Stores an entry behind. */
  put(entry: LocalEntry): void {
    if (!this.#isListingDenied && isRecordable(entry)) this.#writer?.put(entry);
  }

  /** Ends the reading; uploads and writes down what is new, within the drain's limit, where that should be waited for. */
  async drain(): Promise<void> {
    this.#restorer.stop();
    await this.#gate.abort();
    const newsBytes = this.#writer?.newsBytes;
    if (newsBytes !== undefined && !this.#burst.mayWait(newsBytes)) {
      await this.#writer?.drain(this.#options.drainTimeoutMs);
    }
    this.#gate.reportDenials();
  }

  /** What nobody needs to wait for: places what has come, notes what was used, and keeps the bucket tidy. */
  async settle(): Promise<void> {
    this.#burst.sessionEnded();
    await this.#restorer.finish();
    const writer = this.#writer;
    if (writer === undefined) return;
    const store = async () => {
      await this.#learnBucket();
      await writer.drain(this.#options.drainTimeoutMs);
    };
    if (this.#burst.mayWait(writer.newsBytes ?? 0)) {
      writer.handOver();
      await collectRow({ claims: this.#claims, adopt: () => writer.adopt(), store });
    } else {
      await store();
    }
    if (writer.hasPublished) await collectDaily(this.#options);
  }

  /** Gives up all that is under way. */
  abort(): void {
    this.#restorer.stop();
    void this.#gate.abort();
    this.#abandoned.abort(new Error("given up"));
    this.#writer?.abandon();
  }

  async #lookUp(actionId: string): Promise<Entry | undefined> {
    const found = await this.#find(actionId);
    if (found === undefined) return undefined;
    const { entry, group } = found;
    if (!this.#prefetched.has(group)) {
      this.#prefetched.add(group);
      this.#restorer.prefetch(group.entries);
    }
    if (await this.#restorer.bring(entry)) return entry;
    // Its pack was no good: another one may have it.
    const other = this.#source.index.find(actionId)?.entry;
    const isElsewhere = other !== undefined && other.place?.pack.id !== entry.place?.pack.id;
    return isElsewhere && (await this.#restorer.bring(other)) ? other : undefined;
  }

  async #find(actionId: string) {
    try {
      return await this.#source.find(actionId);
    } catch (error) {
      if (!isAccessDenied(error)) throw error;
      this.#denyListing(error);
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
      else if (!this.#abandoned.signal.aborted) this.#health.readFailed(error);
    }
  }

  #denyListing(error: unknown): void {
    this.#isListingDenied = true;
    this.#health.warn(`going on without it, s3:ListBucket is not granted: ${describeError(error)}`);
  }

  #distrust(packId: string, error: unknown): void {
    this.#source.index.distrust(packId);
    this.#options.counters.add("packs_bad");
    this.#options.log.info(() => `pack ${packId} is ${error === undefined ? "gone" : describeError(error)}`);
  }
}

/** go's ids are SHA-256 sums; a record has no place for others. */
function isRecordable({ actionId, outputId }: LocalEntry): boolean {
  return actionId.length === ID_DIGITS && outputId.length === ID_DIGITS;
}

export interface PackedRemoteOptions {
  store: ObjectStore;
  prefix: string;
  scope: Scope;
  /** Names this machine in keys; without a dash. */
  machine: string;
  /** For people. */
  host: string;
  local: LocalBuilds;
  readOnly: boolean;
  /** Most uploads at once. */
  concurrency: number;
  /** Longest wait for the first byte of an answer. */
  timeoutMs: number;
  drainTimeoutMs: number;
  /** Whether the machine may be gone as soon as go is. */
  mayEndWithGo: boolean;
  /** What this machine remembers of this bucket and prefix. */
  stateDir: string;
  /** Where helpers on this machine tell each other whether the remote answers. */
  healthPath: string;
  /** A file for what is too large for memory; `undefined` when the disk takes none. */
  createTemp: () => TempFile | undefined;
  counters: Counters;
  log: Logger;
}
