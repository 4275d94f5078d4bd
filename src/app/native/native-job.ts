import { GoCache } from "../../gocache/go-cache.ts";
import { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { detectCi } from "../../remote/scope/detect-ci.ts";
import { jobRun } from "../../remote/scope/job-run.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { ensureCacheDir } from "../cache-dir/dir-owner.ts";
import type { Config, RemoteConfig } from "../config.ts";
import type { RunContext } from "../direct.ts";
import { formatMetrics } from "../format-metrics.ts";
import { openGuardedStore } from "../remote/open-store.ts";
import { openPacked, type RemoteOptions } from "../remote/remote.ts";
import { CompileTimesFile } from "../summary/compile-times-file.ts";
import { JobCounts } from "../summary/job-counts.ts";
import { JobFile } from "../summary/job-file.ts";
import { BUCKET, BucketFailure } from "./bucket-failure.ts";
import { findGoCache } from "./find-go-cache.ts";
import { StartNote } from "./start-note.ts";

export type NativeConfig = Config & { remote: RemoteConfig };

/** What a job has of the bucket and of go's own cache directory. */
export class NativeJob {
  /** Go's own cache directory. */
  readonly path: string;
  readonly local: GoCache;
  readonly note: StartNote;
  readonly counters = new Counters();
  readonly #options: RemoteOptions;
  readonly #metrics: Config["metrics"];
  readonly #file: JobFile;
  readonly #store: GuardedStore;
  readonly #counts: JobCounts;

  /** Throws if go has no cache directory. */
  constructor(config: NativeConfig, context: RunContext) {
    const { env, ...found } = findGoCache(context.env);
    if (found.path === undefined) throw new Error(found.why);
    const { root, refusal } = locateCacheDir(config.cacheDir, env);
    const { log } = context;
    if (refusal !== undefined) log.warn("directory", refusal);
    ensureCacheDir(root);
    const run = jobRun(detectCi(env), config.job, Date.now());
    this.path = found.path;
    this.note = new StartNote(root, found.path, run);
    this.local = new GoCache(found.path, this.note.startMs(Date.now()));
    this.#metrics = config.metrics;
    this.#file = new JobFile(root, run);
    this.#counts = new JobCounts(() => this.#file, this.counters);
    this.#options = {
      config: config.remote,
      drainTimeoutMs: config.drainTimeoutMs,
      // Go trims its cache itself.
      maxSizeBytes: 0,
      root,
      local: this.local,
      env,
      counters: this.counters,
      compileTimes: new CompileTimesFile(root),
      log,
    };
    this.#store = openGuardedStore(this.#options);
  }

  open(readOnly: boolean) {
    const options = { ...this.#options, config: { ...this.#options.config, readOnly } };
    const store = this.#store;
    // There is no later attempt, so try even a bucket that did not answer a moment ago.
    store.health.writes.endPause();
    // What could not be uploaded is found again by its time of use.
    return openPacked(options, store, { hasJournal: false });
  }

  /** Counts what goes beyond the sum of the run's earlier commands, which includes the same entries. */
  countUpTo(name: string, total: number): void {
    this.counters.add(name, Math.max(0, total - (this.#file.read()?.counts[name] ?? 0)));
  }

  /** The result of reading the bucket. Rejects with a `BucketFailure` if that fails. */
  async read<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      throw new BucketFailure(this.#store.health, { cause: error });
    }
  }

  /** Says why entries are missing that were to be restored. */
  sayWhyMissing(failure: unknown): void {
    const problem = this.local.firstProblem;
    const text = `not all is in ${this.path}: ${describeError(problem)}`;
    this.#sayWhy(problem === undefined ? undefined : text, failure);
  }

  /** Says why entries were not saved. */
  sayWhyUnsaved(failure: unknown): void {
    const text = `outputs in ${this.path} can't be read, or have other bytes than their names say`;
    this.#sayWhy(this.counters.get("put_skip_gone") > 0 ? text : undefined, failure);
  }

  /** One line, if the reason is known: the disk's, else the bucket's, unless that was told before. */
  #sayWhy(ofDisk: string | undefined, ofBucket: unknown): void {
    const { log } = this.#options;
    if (ofDisk !== undefined) log.warn(BUCKET, ofDisk);
    else if (ofBucket !== undefined)
      log.warn(BUCKET, new BucketFailure(this.#store.health, { cause: ofBucket }).message);
  }

  /** Adds what was counted to the run's sums, and prints it with `--metrics`. */
  [Symbol.dispose](): void {
    this.#counts.note();
    if (this.#metrics !== "off") this.#options.log.print(formatMetrics(this.#metrics, this.counters));
  }
}
