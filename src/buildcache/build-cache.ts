import { Semaphore } from "../lib/async/semaphore.ts";
import { SingleFlight } from "../lib/async/single-flight.ts";
import type { Counters } from "../lib/counters.ts";
import { DEBUG_BITS, type Logger } from "../lib/logger.ts";
import type { CacheEntry, LocalEntry } from "./entry.ts";
import type { LocalCache } from "./local-cache.ts";
import { LookupLog } from "./lookup-log.ts";
import type { MissReason } from "./miss-reason.ts";
import { PutWriter } from "./put-writer.ts";
import type { ReadThrough } from "./read-through.ts";
import type { RemoteBuilds } from "./remote-builds.ts";

/**
 * The cache that go uses: the local disk first, then go's own cache directory, then the remote. A get that the disk can
 * answer returns synchronously. A put returns once the output is on disk; the upload runs in the background.
 */
export class BuildCache {
  readonly #local: LocalCache;
  readonly #readThrough: ReadThrough | undefined;
  readonly #remote: RemoteBuilds | undefined;
  readonly #counters: Counters;
  readonly #log: Logger;
  readonly #remoteGets: Semaphore;
  readonly lookups: LookupLog;
  readonly #onFirstPut: (() => void) | undefined;
  readonly #flights = new SingleFlight<LocalEntry | undefined>();

  constructor(options: {
    local: LocalCache;
    readThrough?: ReadThrough | undefined;
    remote: RemoteBuilds | undefined;
    counters: Counters;
    log: Logger;
    /** Maximum number of gets that wait for the remote at the same time. */
    concurrency: number;
    onFirstPut?: () => void;
  }) {
    this.#local = options.local;
    this.#readThrough = options.readThrough;
    this.#remote = options.remote;
    this.#counters = options.counters;
    this.#log = options.log;
    this.lookups = new LookupLog(options.counters);
    this.#onFirstPut = options.onFirstPut;
    this.#remoteGets = new Semaphore(options.concurrency);
  }

  /** The entry of an action (id in lower-case hex), synchronously if it is local. A miss is `undefined`. */
  get(actionId: string): LocalEntry | undefined | Promise<LocalEntry | undefined> {
    this.#counters.add("get");
    const kept = this.#local.get(actionId);
    const entry = kept ?? this.#readThrough?.take(actionId);
    this.#counters.add(entry === undefined ? "get_local_miss" : "get_local_hit");
    if (entry === undefined && this.#remote !== undefined) return this.#flight(actionId, this.#remote);
    if (entry === undefined) {
      this.lookups.missed(actionId, "unknown");
    } else {
      this.lookups.hit(actionId, entry.putTimeMs);
      if (kept === undefined) this.#taken(entry);
      else this.#remote?.used(actionId);
    }
    this.#log.debug(DEBUG_BITS.build, () => `get ${actionId}: ${entry === undefined ? "miss" : "local hit"}`);
    return entry;
  }

  /** Begins a put. The entry exists once the writer's `commit` returns. */
  beginPut(actionId: string, outputId: string): PutWriter {
    if (this.#counters.get("put") === 0) this.#onFirstPut?.();
    this.#counters.add("put");
    this.lookups.compiled(actionId);
    this.#log.debug(DEBUG_BITS.build, () => `put ${actionId}: output ${outputId}`);
    return new PutWriter({
      actionId,
      outputId,
      local: this.#local,
      remote: this.#remote,
      counters: this.#counters,
    });
  }

  /** Waits, up to the drain limit, until all puts are uploaded. Never rejects. */
  async drain(): Promise<void> {
    await this.#remote?.drain();
  }

  /** Does work that go does not wait for. Never rejects. */
  async settle(): Promise<void> {
    await this.#remote?.settle();
  }

  /** The remote may lack it, as if it had been compiled here. */
  #taken(entry: LocalEntry): void {
    this.#counters.add("get_gocache_hit");
    this.#remote?.put(entry);
  }

  #flight(actionId: string, remote: RemoteBuilds): Promise<LocalEntry | undefined> {
    return this.#flights.run(actionId, () => {
      const endWait = this.lookups.beginWait();
      return this.#remoteGets.run(() => this.#fetchRemote(actionId, remote)).finally(endWait);
    });
  }

  async #fetchRemote(actionId: string, remote: RemoteBuilds): Promise<LocalEntry | undefined> {
    let reason: MissReason = "unknown";
    const found = await remote.get(actionId, (why) => {
      reason = why;
    });
    this.#counters.add(found === undefined ? "get_remote_miss" : "get_remote_hit");
    this.#log.debug(
      DEBUG_BITS.build,
      () => `get ${actionId}: ${found === undefined ? "miss" : "remote hit"}`,
    );
    const entry = found && this.#recordLocally(found);
    if (entry === undefined) this.lookups.missed(actionId, reason);
    else this.lookups.hit(actionId, entry.putTimeMs);
    return entry;
  }

  /** The packed layout fetches several entries at once and may have written this record already. */
  #recordLocally(found: CacheEntry): LocalEntry | undefined {
    const { actionId, putTimeMs } = found;
    const kept = this.#local.get(actionId);
    if (kept !== undefined) return kept;
    try {
      this.#local.putRecord(actionId, found, putTimeMs);
      return this.#local.get(actionId);
    } catch {
      return undefined;
    }
  }
}
