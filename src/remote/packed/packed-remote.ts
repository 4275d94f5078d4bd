import { join } from "node:path";
import type { CacheEntry, LocalEntry } from "../../buildcache/entry.ts";
import type { OnMiss } from "../../buildcache/miss-reason.ts";
import { removeLink } from "../../lib/files/remove-link.ts";
import type { LocalBuilds } from "../local-outputs.ts";
import type { ReadSession } from "../read-session.ts";
import { runBatcher } from "./batcher.ts";
import { Burst } from "./burst.ts";
import { projectHash, scopeHash } from "./format/keys.ts";
import { openGroup } from "./index/segment-source.ts";
import { openWriter, type WriterOptions } from "./open-writer.ts";
import { type ActionsCount, PackedReader, type PrefetchCount } from "./packed-reader.ts";
import { PackedTransfer, type TransferOptions } from "./packed-transfer.ts";
import type { PackedWriter } from "./write/packed-writer.ts";
import { RunLog } from "./write/run-log.ts";

const ID_DIGITS = 64;
const NOTHING = { count: 0, bytes: 0 };

/** Keeps build outputs in packs and finds them by the records of earlier runs (docs/design.md, "How it works"). */
export class PackedRemote {
  readonly #options: PackedRemoteOptions;
  readonly #transfer: PackedTransfer;
  readonly #reader: PackedReader;
  readonly #writer: PackedWriter | undefined;
  readonly #burst: Burst;

  constructor(options: PackedRemoteOptions) {
    this.#options = options;
    const { scope, stateDir, trust } = options;
    const dir = join(stateDir, scopeHash(scope));
    // A symbolic link may lead out of the cache directory.
    removeLink(dir);
    this.#transfer = options.transfer ?? new PackedTransfer(options);
    const shared = { transfer: this.#transfer, isShared: options.transfer !== undefined };
    const runLog = new RunLog(dir, scope.run, trust);
    const run = runLog.load();
    const ownRun = run && { key: run.key, group: openGroup(run.segments, this.#transfer.segments) };
    this.#reader = new PackedReader({ ...options, ...shared, dir, ownRun });
    this.#burst = new Burst(join(stateDir, "session-ended"), options);
    if (options.readOnly) return;
    const { source } = this.#reader;
    this.#writer = openWriter({ ...options, ...shared, source, runLog });
    // In a burst of go commands the batcher of another helper adopts. A server lives long, so it adopts at once.
    if (!this.#burst.isUnderWay || shared.isShared) this.#writer.adopt();
  }

  /**
   * Looks an action up and fetches its output to the local disk. Never rejects. Calls `onMiss` with the reason of a miss.
   * `session`: the session that waits, if several share this remote.
   */
  async get(
    actionId: string,
    onMiss: OnMiss = () => {},
    session?: ReadSession,
  ): Promise<CacheEntry | undefined> {
    const entry = await this.#reader.get(actionId, onMiss, session);
    if (entry !== undefined) this.used(entry.actionId);
    return entry;
  }

  /** Whether the session's last lookup was bypassed, because the bucket is too slow or does not answer. */
  isBypassed(session?: ReadSession): boolean {
    return this.#reader.isBypassed(session);
  }

  /** Whether waiting cost this session more than it saved, although most lookups were hits. */
  isSlowButWarm(session?: ReadSession): boolean {
    return this.#reader.isSlowButWarm(session);
  }

  /** Reads the newest records in the bucket. Rejects if they can't be read. */
  async refresh(): Promise<void> {
    await this.#reader.source.refreshNow();
  }

  /**
   * Fetches all entries of the newest run of this job, or of its fallbacks, to the local disk. Rejects if the records
   * can't be read.
   */
  async prefetch(): Promise<PrefetchCount> {
    await this.refresh();
    return await this.#reader.prefetch();
  }

  /**
   * The same by the records that `refresh` has read, with outputs so large that else only a lookup fetches them. Also counts the entries that are missing then;
   * `failure`: why the bucket had not all of them, if it says so.
   */
  async prefetchAll(): Promise<PrefetchCount & { missing: number; failure: unknown }> {
    return await this.#reader.prefetchAll();
  }

  /**
   * Fetches the outputs of these actions to the local disk, as far as the records have them that `refresh` has read: of each
   * group the first action that is known.
   */
  async prefetchActions(actionIds: readonly (readonly string[])[]): Promise<ActionsCount> {
    return await this.#reader.prefetchActions(actionIds);
  }

  /** Reads the bucket's records unless this machine has done so. Rejects if they can't be read. */
  async readRecords(): Promise<void> {
    await this.#reader.readRecords();
  }

  /** Those of these actions that the newest run of this job used, or its fallbacks. */
  usedLately(actionIds: readonly string[]): CacheEntry[] {
    return this.#reader.usedLately(actionIds);
  }

  /** When the output of an action was put (ms since 1970), as the newest record that is read says; `undefined`: none has it. */
  putTimeOf(actionId: string): number | undefined {
    return this.#reader.source.index.find(actionId)?.entry.putTimeMs;
  }

  /** Whether a record that is read has this action. */
  knows(actionId: string): boolean {
    return this.#reader.source.index.findRow(actionId) !== undefined;
  }

  /** Notes that this session used an entry of the local disk. */
  used(actionId: string): void {
    if (actionId.length === ID_DIGITS) this.#writer?.used(actionId);
  }

  /** Uploads an entry in the background, regardless of the session. */
  put(entry: LocalEntry, _session?: ReadSession): void {
    if (!this.#reader.isDenied && isRecordable(entry)) this.#writer?.put(entry);
  }

  /** Ends lookups. Unless the uploads may be deferred, uploads and records new entries within the drain's limit. */
  async drain(): Promise<void> {
    await this.#reader.stop();
    const { store, drainTimeoutMs } = this.#options;
    const { count, bytes } = this.#writer?.unpublished ?? NOTHING;
    // Don't wait for a probe while the bucket refuses writes.
    const mayWait = count > 0 && store.health.writes.open === undefined;
    if (mayWait && !this.#burst.mayDefer(bytes)) {
      store.uplink.tighten();
      await this.#writer?.drain(drainTimeoutMs);
    }
    this.#reader.reportDenials();
  }

  /**
   * The work after the close, with no client waiting: writes fetched outputs to the disk, uploads and records what is
   * left, removes old records, and collects garbage.
   */
  async settle(): Promise<void> {
    this.#burst.sessionEnded();
    await this.#transfer.restorer.finish();
    const writer = this.#writer;
    if (writer === undefined) return;
    const store = async () => {
      await this.#loadIndex();
      await writer.drain(this.#options.drainTimeoutMs);
    };
    if (this.#burst.mayDefer(writer.unpublished.bytes) && !writer.isSigning) {
      writer.handOver();
      const adopt = () => writer.adopt();
      const project = projectHash(this.#options.scope);
      await runBatcher({ claims: this.#transfer.claims, project, adopt, store });
    } else {
      writer.adopt();
      await store();
    }
    await writer.trim();
    if (writer.hasPublished) await this.#collectDaily();
  }

  /**
   * Uploads and records everything within the drain's limit, for a session that go does not wait for. `isComplete`: says
   * that this machine adds nothing more to its run. Returns whether all is in the bucket. Never rejects.
   */
  async finish(isComplete: boolean): Promise<boolean> {
    const writer = this.#writer;
    if (writer === undefined) return true;
    const timer = setTimeout(() => this.abort(), this.#options.drainTimeoutMs);
    await writer.store();
    if (isComplete) await this.endRun();
    clearTimeout(timer);
    await writer.trim();
    if (writer.hasPublished) await this.#collectDaily();
    return writer.isSettled;
  }

  /** Why the first upload failed, or the rest was given up; `undefined`: neither has happened. */
  get uploadFailure(): unknown {
    const { firstFailure, abandonment } = this.#transfer.uploads;
    return firstFailure ?? (abandonment.aborted ? new Error("--drain-timeout was over") : undefined);
  }

  /** Aborts all lookups, fetches and uploads. */
  abort(): void {
    this.#reader.abandon();
    this.#writer?.abandon();
  }

  /**
   * Uploads new entries without ending, for the remote of a server, which outlives its sessions. The journal keeps
   * entries that fail; the next call retries them. Never rejects.
   */
  async store(): Promise<void> {
    const writer = this.#writer;
    const isOpen = this.#options.store.health.writes.state === "open";
    if (writer === undefined || writer.isSettled || isOpen) return;
    await this.#loadIndex();
    await writer.store();
    await writer.trim();
    if (writer.hasPublished) await this.#collectDaily();
  }

  /** Says in the bucket that this machine will add nothing to its run, unless uploads fail. Never rejects. */
  async endRun(): Promise<void> {
    if (this.#options.store.health.writes.state !== "open") await this.#writer?.endRun();
  }

  /** Whether `store` has work to do. */
  get isDirty(): boolean {
    return this.#writer?.isInUse === true && !this.#writer.isSettled;
  }

  /** The number of entries that are not in the bucket yet. */
  get waiting(): number {
    return this.#writer?.unpublished.count ?? 0;
  }

  /** Whether the bucket denies access, so this remote finds nothing more and the caller should open a new one. */
  get isGivenUp(): boolean {
    return this.#reader.isDenied || this.#options.store.health.isDenied;
  }

  /** Adopts the journals of dead helpers and sessions. */
  adopt(): void {
    this.#writer?.adopt();
  }

  /** Ends without aborting uploads. Entries that are not in the bucket stay in the journal for others. */
  retire(): void {
    void this.#reader.stop();
    this.#writer?.retire();
  }

  /** Loaded when it is due: no lookup needs it. */
  async #collectDaily(): Promise<void> {
    const { collectDaily } = await import("./gc/daily-gc.ts");
    await collectDaily(this.#options);
  }

  /** A session with only local hits has not read the bucket's records, and would upload everything again. */
  async #loadIndex(): Promise<void> {
    if (this.#writer?.isInUse === true) await this.#reader.loadIndex();
  }
}

/** go's ids are SHA-256 sums; records have no other ids. */
function isRecordable({ actionId, outputId }: LocalEntry): boolean {
  return actionId.length === ID_DIGITS && outputId.length === ID_DIGITS;
}

export interface PackedRemoteOptions
  extends TransferOptions,
    Pick<WriterOptions, "scope" | "trust" | "compileTimes" | "machine" | "host" | "hasJournal"> {
  readOnly: boolean;
  drainTimeoutMs: number;
  /** Whether the machine may stop as soon as go exits. */
  mayEndWithGo: boolean;
  /** The start of the session (ms since 1970). */
  startedMs: number;
  local: LocalBuilds & { get(actionId: string): LocalEntry | undefined };
  /** The transfer that a server shares between scopes; `undefined`: the remote creates its own. */
  transfer?: PackedTransfer | undefined;
}
