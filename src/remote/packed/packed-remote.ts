import { join } from "node:path";
import type { CacheEntry, LocalEntry } from "../../buildcache/entry.ts";
import type { OnMiss } from "../../buildcache/miss-reason.ts";
import { removeLink } from "../../lib/files/remove-link.ts";
import type { ReadSession } from "../read-session.ts";
import { collectDaily } from "./bucket/daily-gc.ts";
import { Burst } from "./burst.ts";
import { projectHash, scopeHash } from "./format/keys.ts";
import { openWriter, type WriterOptions } from "./open-writer.ts";
import { PackedReader, type ReaderOptions } from "./packed-reader.ts";
import { PackedTransfer, type TransferOptions } from "./packed-transfer.ts";
import { collectRow } from "./row-collector.ts";
import type { PackedWriter } from "./write/packed-writer.ts";
import { RunLog } from "./write/run-log.ts";
import { SessionLog } from "./write/session-log.ts";

const ID_DIGITS = 64;

/** Build outputs in packs, found by what earlier runs wrote down (README, "How it works"). */
export class PackedRemote {
  readonly #options: PackedRemoteOptions;
  readonly #transfer: PackedTransfer;
  readonly #reader: PackedReader;
  readonly #session = new SessionLog();
  readonly #writer: PackedWriter | undefined;
  readonly #burst: Burst;

  constructor(options: PackedRemoteOptions) {
    this.#options = options;
    const { scope, stateDir, trust } = options;
    const dir = join(stateDir, scopeHash(scope));
    // It may lead out of the cache directory.
    removeLink(dir);
    this.#transfer = options.transfer ?? new PackedTransfer(options);
    const shared = { transfer: this.#transfer, isShared: options.transfer !== undefined };
    const runLog = new RunLog(dir, scope.run, trust);
    this.#reader = new PackedReader({ ...options, ...shared, dir, ownRun: runLog.load() });
    this.#burst = new Burst(join(stateDir, "session-ended"), options);
    if (options.readOnly) return;
    const { source } = this.#reader;
    this.#writer = openWriter({ ...options, ...shared, source, session: this.#session, runLog });
    // In a row of go commands another helper may be at it, and a server is at it for long.
    if (!this.#burst.isUnderWay || shared.isShared) this.#writer.adopt();
  }

  /**
   * Looks an action up and fetches its output to the local disk. Never rejects. `onMiss` is told the reason of a miss.
   * `session`: whose waiting this is, when several share this remote.
   */
  async get(
    actionId: string,
    onMiss: OnMiss = () => {},
    session?: ReadSession,
  ): Promise<CacheEntry | undefined> {
    const entry = await this.#reader.get(actionId, onMiss, session);
    if (entry !== undefined) this.markUsed(entry);
    return entry;
  }

  /** Whether the session's last look-up was not waited for: the bucket is too slow, or does not answer. */
  isBypassed(session?: ReadSession): boolean {
    return this.#reader.isBypassed(session);
  }

  /** Whether waiting has not paid for this session, although the bucket had most of what was looked up. */
  isSlowButWarm(session?: ReadSession): boolean {
    return this.#reader.isSlowButWarm(session);
  }

  /** Notes that this session used an entry that a remote fetched to the local disk. */
  markUsed(entry: CacheEntry): void {
    const path = this.#options.local.findOutput(entry.outputId)?.path;
    if (path !== undefined) this.used({ ...entry, path });
  }

  /**
   * Fetches everything that the newest run of this job used (or of the jobs that stand in for it) to the local disk,
   * before go asks. Rejects when the records can't be read.
   */
  async prefetch(): Promise<{ records: number; entries: number }> {
    return await this.#reader.prefetch();
  }

  /** Notes that this session used an entry that it found on the local disk. */
  used(entry: LocalEntry): void {
    if (isRecordable(entry)) this.#session.add({ ...entry, isNew: false });
  }

  /** Uploads an entry in the background; whose it is makes no difference. */
  put(entry: LocalEntry, _session?: ReadSession): void {
    if (!this.#reader.isDenied && isRecordable(entry)) this.#writer?.put(entry);
  }

  /** Ends the reading; uploads and records what is new, within the drain's limit, where that should be waited for. */
  async drain(): Promise<void> {
    await this.#reader.stop();
    const { store, drainTimeoutMs } = this.#options;
    const newsBytes = this.#writer?.newsBytes;
    // Don't wait for a probe while the bucket refuses writes.
    const mayWait = newsBytes !== undefined && store.health.writes.open === undefined;
    if (mayWait && !this.#burst.mayDefer(newsBytes)) {
      store.uplink.tighten();
      await this.#writer?.drain(drainTimeoutMs);
    }
    this.#reader.reportDenials();
  }

  /** What nobody needs to wait for: writes what has come, records what was used, and keeps the bucket tidy. */
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
      const adopt = () => writer.adopt();
      const project = projectHash(this.#options.scope);
      await collectRow({ claims: this.#transfer.claims, project, adopt, store });
    } else {
      writer.adopt();
      await store();
    }
    if (writer.hasPublished) await collectDaily(this.#options);
  }

  /** Gives up all that is under way. */
  abort(): void {
    this.#reader.abandon();
    this.#writer?.abandon();
  }

  /**
   * For a server, whose remote outlives sessions: uploads what is new, and goes on. What can't be stored now is retried
   * with the next call, and stays in the journal. Never rejects.
   */
  async store(): Promise<void> {
    const writer = this.#writer;
    const isOpen = this.#options.store.health.writes.state === "open";
    if (writer === undefined || writer.isSettled || isOpen) return;
    await this.#learnBucket();
    await writer.store();
    if (writer.hasPublished) await collectDaily(this.#options);
  }

  /** Whether `store` has something to do. */
  get isDirty(): boolean {
    return this.#writer !== undefined && this.#session.size > 0 && !this.#writer.isSettled;
  }

  /** How many entries are not in the bucket yet. */
  get waiting(): number {
    return this.#session.newsCount;
  }

  /** Whether it is known that this remote finds nothing any more, so that a new one is worth a try. */
  get isGivenUp(): boolean {
    return this.#reader.isDenied || this.#options.store.health.isDenied;
  }

  /** Adopts what helpers or sessions left that died. */
  adopt(): void {
    this.#writer?.adopt();
  }

  /** Ends without giving up uploads; what is not in the bucket stays in the journal, for others. */
  retire(): void {
    void this.#reader.stop();
    this.#writer?.retire();
  }

  /** Then every session stores its own: nobody knows who has written a journal. */
  get #isSigning(): boolean {
    return this.#options.trust?.signer !== undefined;
  }

  /** A session that was local throughout has not read what the bucket holds, and would store it again. */
  async #learnBucket(): Promise<void> {
    if (this.#session.size > 0) await this.#reader.learnBucket();
  }
}

/** go's ids are SHA-256 sums; a record has no place for others. */
function isRecordable({ actionId, outputId }: LocalEntry): boolean {
  return actionId.length === ID_DIGITS && outputId.length === ID_DIGITS;
}

export interface PackedRemoteOptions
  extends TransferOptions,
    Pick<ReaderOptions, "readPrefixes">,
    Pick<WriterOptions, "scope" | "trust" | "compileTimes" | "machine" | "host"> {
  readOnly: boolean;
  drainTimeoutMs: number;
  /** Whether the machine may be gone as soon as go is. */
  mayEndWithGo: boolean;
  /** When the session began, in milliseconds since 1970. */
  startedMs: number;
  /** Shared with other scopes, by a server; `undefined`: one of its own. */
  transfer?: PackedTransfer | undefined;
}
