import { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { LocalBuilds } from "../../remote/local-outputs.ts";
import { PackedKeys } from "../../remote/packed/format/keys.ts";
import { hasRuns } from "../../remote/packed/index/record-listing.ts";
import type { PackedRemote } from "../../remote/packed/packed-remote.ts";
import type { Scope } from "../../remote/scope/scope.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import { openPacked, type RemoteOptions } from "../remote/remote.ts";
import { NATIVE_COUNTERS, ofCache } from "../summary/native-figures.ts";
import { BUCKET, BucketFailure } from "./bucket-failure.ts";
import { platformOf } from "./cache-platform.ts";
import type { DrainLimit } from "./drain-limit.ts";
import type { NativeCache } from "./native-caches.ts";
import type { RestoreReport, SaveReport } from "./reports.ts";

/** The runs of one of a job's caches in the bucket. They never mix with those of another. */
export class PartBucket {
  /** What this part adds to the job's. */
  readonly counters: Counters;
  readonly #cache: NativeCache;
  readonly #options: PartOptions;

  /** `options`: with the scope of the job. */
  constructor(cache: NativeCache, options: PartOptions) {
    this.#cache = cache;
    this.counters = new Counters(options.counters);
    const { scope } = options;
    this.#options = { ...options, scope: { ...scope, platform: platformOf(cache.name, scope.platform) } };
  }

  get sharesTestResults(): boolean {
    return this.#options.config.sharesTestResults;
  }

  /** Whether there are runs of this job, by one request. Rejects with a `BucketFailure` if the bucket can't be read. */
  async hasRuns(): Promise<boolean> {
    const { config, store, scope } = this.#options;
    const places = [config.prefix, ...config.readPrefixes].map((prefix) => new PackedKeys(prefix));
    return await this.read(hasRuns(store, places, scope));
  }

  /** `drainTimeoutMs`: the limit for uploads. */
  open(
    local: LocalBuilds,
    { readOnly, drainTimeoutMs = 0 }: { readOnly: boolean; drainTimeoutMs?: number },
  ): PackedRemote {
    const { store, config, scope } = this.#options;
    const { counters } = this;
    const options = { ...this.#options, config: { ...config, readOnly }, drainTimeoutMs, local, counters };
    // What could not be uploaded is found again.
    return openPacked(options, store, { scope, hasJournal: false });
  }

  /**
   * Counts and reports what was restored; says why some is missing. `problem`: the disk's. `summed`: what is counted, if not
   * entries.
   */
  restored(
    { failure, ...found }: Pick<RestoreReport, "records" | "entries" | "missing"> & { failure: unknown },
    problem: unknown,
    summed: Pick<RestoreReport, "entries" | "missing"> = found,
  ): RestoreReport {
    if (found.missing > 0) this.#sayWhyMissing(problem, failure);
    this.#countUpTo(NATIVE_COUNTERS.restored, summed.entries - summed.missing);
    this.#count(NATIVE_COUNTERS.missing, summed.missing);
    return { ...this.#cache, ...found, fetchedBytes: this.counters.get("prefetch_bytes") };
  }

  /**
   * Uploads the rest within the drain's limit; counts and reports it. `problem`: why something could not be read.
   * `summed`: as above.
   */
  async finish(
    remote: PackedRemote,
    count: SaveCount,
    { hasEnded, drain, problem, summed = count }: FinishOptions,
  ): Promise<SaveReport> {
    const isUploaded = await drain.run(() => remote.finish(hasEnded));
    const isComplete = isUploaded && problem === undefined;
    if (!isComplete) this.#sayWhyUnsaved(problem, remote.uploadFailure);
    this.#countUpTo(NATIVE_COUNTERS.used, summed.used);
    this.#count(NATIVE_COUNTERS.added, summed.added);
    return { ...this.#cache, ...count, uploadedBytes: this.counters.get("put_remote_bytes"), isComplete };
  }

  /** Counts what goes beyond the sum of the run's earlier commands, which includes the same entries. */
  #countUpTo(name: string, total: number): void {
    this.#count(name, Math.max(0, total - this.#options.countedBefore(ofCache(name, this.#cache.name))));
  }

  /** For all caches of the job, and for this one. */
  #count(name: string, news: number): void {
    for (const each of [name, ofCache(name, this.#cache.name)]) this.counters.add(each, news);
  }

  /** The result of reading the bucket. Rejects with a `BucketFailure` if that fails. */
  async read<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      throw new BucketFailure(this.#options.store.health, { cause: error });
    }
  }

  #sayWhyMissing(problem: unknown, failure: unknown): void {
    const text = `not all is in ${this.#cache.path}: ${describeError(problem)}`;
    this.#sayWhy(problem === undefined ? undefined : text, failure);
  }

  #sayWhyUnsaved(problem: unknown, failure: unknown): void {
    const { path } = this.#cache;
    const bad = `outputs in ${path} can't be read, or have other bytes than their names say`;
    const ofDisk = this.counters.get("put_skip_gone") > 0 ? bad : undefined;
    const text = `not all of ${path} is saved: ${describeError(problem)}`;
    this.#sayWhy(problem === undefined ? ofDisk : text, failure);
  }

  /** One line, if the reason is known: the disk's, else the bucket's, unless that was told before. */
  #sayWhy(ofDisk: string | undefined, ofBucket: unknown): void {
    const { log, store } = this.#options;
    if (ofDisk !== undefined) log.warn(BUCKET, ofDisk);
    else if (ofBucket !== undefined)
      log.warn(BUCKET, new BucketFailure(store.health, { cause: ofBucket }).message);
  }
}

type SaveCount = Pick<SaveReport, "used" | "added">;

interface FinishOptions {
  /** See `SaveOptions`. */
  hasEnded: boolean;
  drain: DrainLimit;
  problem?: unknown;
  summed?: SaveCount;
}

export interface PartOptions extends Omit<RemoteOptions, "local" | "drainTimeoutMs"> {
  store: GuardedStore;
  scope: Scope;
  /** What the run's earlier commands have counted. */
  countedBefore: (name: string) => number;
}
