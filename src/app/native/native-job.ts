import { Counters } from "../../lib/counters.ts";
import { detectScope } from "../../remote/scope/scope.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { ensureCacheDir } from "../cache-dir/dir-owner.ts";
import type { Config, RemoteConfig } from "../config.ts";
import type { RunContext } from "../direct.ts";
import { formatMetrics } from "../format-metrics.ts";
import { readGoHere } from "../go-env.ts";
import { openGuardedStore } from "../remote/open-store.ts";
import { CompileTimesFile } from "../summary/compile-times-file.ts";
import { JobCounts } from "../summary/job-counts.ts";
import { JobFile } from "../summary/job-file.ts";
import { findGoCache } from "./find-go-cache.ts";
import { findModules } from "./find-modules.ts";
import { ModulesPart } from "./modules-part.ts";
import { type CacheChoice, findLintCaches, type NativeCache } from "./native-caches.ts";
import { NativePart } from "./native-part.ts";
import type { PartOptions } from "./part-bucket.ts";

export type NativeConfig = Config & { remote: RemoteConfig };

/** What a job has of the bucket, and the caches on its machine. */
export class NativeJob {
  /** Go's own cache first. */
  readonly parts: readonly NativePart[];
  readonly modules: ModulesPart | undefined;
  /** Where a `restore` in the background says what it does; `undefined`: there is no cache. */
  readonly logPath: string | undefined;
  readonly counters = new Counters();
  readonly #metrics: Config["metrics"];
  readonly #counts: JobCounts;
  readonly #print: (text: string) => void;

  /** Throws if `only` has `build`, and go has no cache directory. */
  constructor(config: NativeConfig, context: RunContext, { only, modules }: CacheChoice) {
    const cwd = process.cwd();
    const go = readGoHere(context.env, { cwd, needsRelease: only.has("build") || only.has("lint") });
    const { env } = go;
    const goCache = findGoCache(go);
    const caches: NativeCache[] = [];
    if (only.has("build")) {
      if (goCache.path === undefined) throw new Error(goCache.why);
      caches.push({ name: "build", path: goCache.path });
    }
    if (only.has("lint")) caches.push(...findLintCaches(env));
    const { root, refusal } = locateCacheDir(config.cacheDir, env);
    const { log } = context;
    if (refusal !== undefined) log.warn("directory", refusal);
    ensureCacheDir(root);
    const { project } = config.remote;
    const scope = detectScope({ env, cwd, project, job: config.job, nowMs: Date.now() });
    const file = new JobFile(root, scope);
    this.#counts = new JobCounts(() => file, this.counters);
    this.#metrics = config.metrics;
    this.#print = (text) => log.print(text);
    const base = { config: config.remote, root, env, counters: this.counters, log };
    const store = openGuardedStore(base);
    // There is no later attempt, so try even a bucket that did not answer a moment ago.
    store.health.writes.endPause();
    const options: PartOptions = {
      ...base,
      store,
      scope,
      // Go and linters trim their caches themselves.
      maxSizeBytes: 0,
      compileTimes: new CompileTimesFile(root),
      countedBefore: (name: string) => file.read()?.counts[name] ?? 0,
    };
    this.parts = caches.map((cache) => new NativePart(cache, options));
    const found = only.has("modules") ? findModules(go.checkout, cwd) : undefined;
    this.modules = found && new ModulesPart(found, modules, options);
    const [first = this.modules] = this.parts;
    this.logPath = first?.note.logPath;
  }

  /** Adds what was counted to the run's sums, and prints it with `--metrics`. */
  [Symbol.dispose](): void {
    this.#counts.note();
    if (this.#metrics !== "off") this.#print(formatMetrics(this.#metrics, this.counters));
  }
}
