import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { GoCache } from "../../gocache/go-cache.ts";
import { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { PackedKeys } from "../../remote/packed/format/keys.ts";
import { hasRuns } from "../../remote/packed/index/record-listing.ts";
import type { PackedRemote } from "../../remote/packed/packed-remote.ts";
import type { Scope } from "../../remote/scope/scope.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import { openPacked, type RemoteOptions } from "../remote/remote.ts";
import { BUCKET, BucketFailure } from "./bucket-failure.ts";
import type { NativeCache } from "./native-caches.ts";
import { StartNote } from "./start-note.ts";

/** A cache of a job, and its runs in the bucket, which never mix with those of another cache. */
export class NativePart {
  readonly cache: NativeCache;
  readonly local: GoCache;
  readonly note: StartNote;
  /** What this part adds to the job's. */
  readonly counters: Counters;
  readonly #options: PartOptions;
  readonly #scope: Scope;

  constructor(cache: NativeCache, options: PartOptions) {
    const { scope, root, counters } = options;
    this.cache = cache;
    this.note = new StartNote(root, cache.path, scope);
    this.local = new GoCache(cache.path, this.note.startMs(Date.now()));
    this.counters = new Counters(counters);
    this.#options = options;
    this.#scope = this.isOptional ? { ...scope, platform: `${scope.platform}_${cache.name}` } : scope;
  }

  /** Whether a job may do without: then nothing is made or said until there is something to restore or to save. */
  get isOptional(): boolean {
    return this.cache.name !== "build";
  }

  /** Throws unless go, or a linter, can write to it. The directory of an optional part is made with the first file. */
  checkWritable(): void {
    const { path } = this.cache;
    const isMissing = statSync(path, { throwIfNoEntry: false }) === undefined;
    if (this.isOptional && isMissing) return;
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  }

  /** Whether the bucket has runs of this job, by one request. Rejects with a `BucketFailure` if it can't be read. */
  async hasRuns(): Promise<boolean> {
    const { config, store } = this.#options;
    const places = [config.prefix, ...config.readPrefixes].map((prefix) => new PackedKeys(prefix));
    return await this.read(hasRuns(store, places, this.#scope));
  }

  /** `drainTimeoutMs`: the limit for uploads. */
  open({ readOnly, drainTimeoutMs = 0 }: { readOnly: boolean; drainTimeoutMs?: number }): PackedRemote {
    const { store, config } = this.#options;
    const { local, counters } = this;
    const options = { ...this.#options, config: { ...config, readOnly }, drainTimeoutMs, local, counters };
    // What could not be uploaded is found again by its time of use.
    return openPacked(options, store, { scope: this.#scope, hasJournal: false });
  }

  /** Counts what goes beyond the sum of the run's earlier commands, which includes the same entries. */
  countUpTo(name: string, total: number): void {
    const own = `${name}_${this.cache.name.replaceAll("-", "_")}`;
    const news = Math.max(0, total - this.#options.countedBefore(own));
    for (const each of [name, own]) this.counters.add(each, news);
  }

  /** The result of reading the bucket. Rejects with a `BucketFailure` if that fails. */
  async read<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      throw new BucketFailure(this.#options.store.health, { cause: error });
    }
  }

  /** Says why entries are missing that were to be restored. */
  sayWhyMissing(failure: unknown): void {
    const problem = this.local.firstProblem;
    const text = `not all is in ${this.cache.path}: ${describeError(problem)}`;
    this.#sayWhy(problem === undefined ? undefined : text, failure);
  }

  /** Says why entries were not saved. */
  sayWhyUnsaved(failure: unknown): void {
    const text = `outputs in ${this.cache.path} can't be read, or have other bytes than their names say`;
    this.#sayWhy(this.counters.get("put_skip_gone") > 0 ? text : undefined, failure);
  }

  /** One line, if the reason is known: the disk's, else the bucket's, unless that was told before. */
  #sayWhy(ofDisk: string | undefined, ofBucket: unknown): void {
    const { log, store } = this.#options;
    if (ofDisk !== undefined) log.warn(BUCKET, ofDisk);
    else if (ofBucket !== undefined)
      log.warn(BUCKET, new BucketFailure(store.health, { cause: ofBucket }).message);
  }
}

export interface PartOptions extends Omit<RemoteOptions, "local" | "drainTimeoutMs"> {
  store: GuardedStore;
  /** Of the job. */
  scope: Scope;
  /** What the run's earlier commands have counted. */
  countedBefore: (name: string) => number;
}
