import type { LocalCache } from "../../../buildcache/local-cache.ts";
import type { RemoteBuilds } from "../../../buildcache/remote-builds.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { PackedTransfer } from "../../../remote/packed/packed-transfer.ts";
import { leftScopes } from "../../../remote/packed/write/journal.ts";
import type { ReadSession } from "../../../remote/read-session.ts";
import type { Scope } from "../../../remote/scope/scope.ts";
import type { SplitRemote } from "../../../remote/split/split-remote.ts";
import type { RemoteConfig } from "../../config.ts";
import { journalDir, openShared, openSplit, openTransfer, type RemoteOptions } from "../../remote/remote.ts";
import type { ServeParts } from "../parts.ts";
import { ScopeRemote } from "./scope-remote.ts";

/** The intervals of a pool's background work. */
export interface PoolTimes {
  /** The interval at which changes are uploaded and orphaned journals are looked for. */
  tickMs: number;
  /** A scope that no session has used for this long is closed. */
  idleMs: number;
}

const TIMES: PoolTimes = { tickMs: 30_000, idleMs: 10 * 60_000 };
/** Scopes at once. */
const MAX_SCOPES = 64;

/**
 * The remotes of a server: one index for each scope and platform, and one of all that moves bytes, so that an output
 * is fetched once and lies in one pack, whoever wants it, and memory is bounded once.
 */
export class RemotePool {
  readonly #options: RemoteOptions;
  readonly #parts: ServeParts;
  readonly #scopes = new Map<string, ScopeRemote>();
  #transfer: PackedTransfer | undefined;
  #split: SplitRemote | undefined;
  readonly #idleMs: number;
  readonly #ticking: ReturnType<typeof setInterval>;

  constructor(
    parts: ServeParts & { config: { remote: RemoteConfig } },
    local: LocalCache,
    { tickMs, idleMs }: PoolTimes = TIMES,
  ) {
    const { config } = parts;
    const { drainTimeoutMs, maxSizeBytes } = config;
    this.#parts = parts;
    this.#idleMs = idleMs;
    this.#options = { ...parts, config: config.remote, drainTimeoutMs, maxSizeBytes, local };
    this.#ticking = setInterval(() => this.#tick(), tickMs).unref();
    this.#adoptOrphans();
  }

  /** Where sessions note what they put; `undefined`: the layout needs no journal, or the bucket is read-only. */
  get journalDir(): string | undefined {
    const { root, config } = this.#options;
    return config.layout === "split" || config.readOnly ? undefined : journalDir(root, config);
  }

  /** The scopes with an index in memory. */
  get scopes(): ScopeRemote[] {
    return [...this.#scopes.values()];
  }

  /** Bytes of packs in flight to this machine. */
  get fetchingBytes(): number {
    return this.#transfer?.restorer.bytesUnderWay ?? 0;
  }

  /** How many entries are not in the bucket yet. */
  get waiting(): number {
    const inSplit = this.#split?.waiting ?? 0;
    return this.scopes.reduce((sum, { remote }) => sum + remote.waiting, inSplit);
  }

  openSession(scope: Scope, session: ReadSession): RemoteBuilds {
    if (this.#options.config.layout === "split") return splitSession(this.#openSplit(), session);
    return this.#scope(scope).openSession(session);
  }

  /** Prefetches what the last run of the scope used. */
  async prefetch(scope: Scope): Promise<void> {
    if (this.#options.config.layout === "split") return;
    try {
      const { entries } = await this.#scope(scope).remote.prefetch();
      this.#parts.log.info(() => `prefetch: ${entries} entries are here`);
    } catch (error) {
      this.#parts.log.info(() => `prefetch: ${describeError(error)}`);
    }
  }

  /** Uploads pending entries and ends the runs within `limitMs`; the rest stays in journals. */
  async drain(limitMs: number): Promise<void> {
    clearInterval(this.#ticking);
    // There is no later attempt, so try even a bucket that did not answer a moment ago.
    this.#parts.openStore()?.health.writes.endPause();
    const storing = [...this.#scopes.values()].map((scope) => scope.end());
    await Promise.race([Promise.all([...storing, this.#split?.drain()]), Bun.sleep(Math.max(0, limitMs))]);
    await this.close();
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    this.#split?.abort();
    for (const key of this.#scopes.keys()) this.#retire(key);
    this.#transfer?.restorer.stop();
    this.#transfer?.uploads.abandon();
  }

  #scope(scope: Scope): ScopeRemote {
    const key = JSON.stringify(scope);
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    this.#evict(MAX_SCOPES - 1);
    const store = this.#store();
    this.#transfer ??= openTransfer(this.#options, store);
    const split = this.#options.config.layout === "both" ? this.#openSplit() : undefined;
    const remote = openShared({ ...this.#options, scope, store, transfer: this.#transfer, split });
    const made = new ScopeRemote(scope, remote);
    this.#scopes.set(key, made);
    return made;
  }

  #openSplit(): SplitRemote {
    this.#split ??= openSplit(this.#options, this.#store());
    return this.#split;
  }

  #store() {
    const store = this.#parts.openStore();
    if (store === undefined) throw new Error("no bucket is configured");
    return store;
  }

  #tick(): void {
    this.#adoptOrphans();
    this.#split?.adopt();
    for (const scope of this.#scopes.values()) if (scope.remote.isDirty) void scope.store();
    this.#evict(MAX_SCOPES);
  }

  /** Adopts the journals of killed sessions and servers. */
  #adoptOrphans(): void {
    const dir = this.journalDir;
    if (dir === undefined) return;
    for (const scope of leftScopes(dir)) {
      const adopter = this.#scope(scope);
      adopter.remote.adopt();
      void adopter.store();
    }
  }

  /** Evicts scopes without pending entries: those idle for long, refused by the bucket, or too many. */
  #evict(most: number): void {
    const idle = [...this.#scopes].filter(([, { idleMs, remote }]) => idleMs > 0 && isDispensable(remote));
    const old = idle.filter(([, { idleMs, remote }]) => idleMs > this.#idleMs || remote.isGivenUp);
    for (const [key] of old) this.#retire(key);
    const rest = idle.filter(([key]) => this.#scopes.has(key)).sort(([, a], [, b]) => b.idleMs - a.idleMs);
    for (const [key] of rest.slice(0, Math.max(0, this.#scopes.size - most))) this.#retire(key);
    if (this.#scopes.size === 0) this.#transfer = undefined;
  }

  #retire(key: string): void {
    this.#scopes.get(key)?.remote.retire();
    this.#scopes.delete(key);
  }
}

function isDispensable(remote: ScopeRemote["remote"]): boolean {
  return !remote.isDirty || remote.isGivenUp;
}

function splitSession(split: SplitRemote, session: ReadSession): RemoteBuilds {
  return {
    get: (actionId, onMiss) => split.get(actionId, onMiss, session),
    used: () => {},
    put: (entry) => split.put(entry, session),
    drain: async () => {},
    settle: async () => {},
    abort: () => {},
  };
}
