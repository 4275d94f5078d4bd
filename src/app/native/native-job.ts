import { Counters } from "../../lib/counters.ts";
import { goPlatform } from "../../remote/scope/platform.ts";
import { detectScope } from "../../remote/scope/scope.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { ensureCacheDir } from "../cache-dir/dir-owner.ts";
import type { Config, RemoteConfig } from "../config.ts";
import type { RunContext } from "../direct.ts";
import { formatMetrics } from "../format-metrics.ts";
import { type GoHere, readGoHere } from "../go-env.ts";
import { openGuardedStore } from "../remote/open-store.ts";
import { CompileTimesFile } from "../summary/compile-times-file.ts";
import { JobCounts } from "../summary/job-counts.ts";
import { JobFile } from "../summary/job-file.ts";
import { findGoCache } from "./find-go-cache.ts";
import { findModules } from "./find-modules.ts";
import { findRelease, type JobRelease } from "./find-release.ts";
import { ModulesPart } from "./modules-part.ts";
import { type CacheChoice, findLintCaches, type NativeCache } from "./native-caches.ts";
import { NativePart } from "./native-part.ts";
import type { PartOptions } from "./part-bucket.ts";

export type NativeConfig = Config & { remote: RemoteConfig };

/** What a job has of the bucket, and the caches on its machine. */
export class NativeJob {
  readonly modules: ModulesPart | undefined;
  readonly counters = new Counters();
  readonly #choice: CacheChoice;
  readonly #context: RunContext;
  readonly #cwd = process.cwd();
  /** As the installed go has answered. */
  readonly #go: GoHere;
  readonly #release: JobRelease;
  readonly #options: PartOptions;
  readonly #metrics: Config["metrics"];
  readonly #counts: JobCounts;
  #parts: readonly NativePart[] = [];

  /** Lets go fetch nothing. Throws if `only` has `build`, and go has no cache directory. */
  constructor(config: NativeConfig, context: RunContext, choice: CacheChoice) {
    const { only, modules } = choice;
    this.#choice = choice;
    this.#context = context;
    this.#metrics = config.metrics;
    const cwd = this.#cwd;
    this.#go = readGoHere(context.env, { cwd, needsRelease: false });
    const { env, checkout } = this.#go;
    if (only.has("build")) goCacheOf(this.#go);
    const { root, refusal } = locateCacheDir(config.cacheDir, env);
    const { log } = context;
    if (refusal !== undefined) log.warn("directory", refusal);
    ensureCacheDir(root);
    const { project } = config.remote;
    const scope = detectScope({ env, cwd, project, job: config.job, nowMs: Date.now() });
    const file = new JobFile(root, scope);
    this.#counts = new JobCounts(() => file, this.counters);
    const base = { config: config.remote, root, env, counters: this.counters, log };
    const store = openGuardedStore(base);
    // There is no later attempt, so try even a bucket that did not answer a moment ago.
    store.health.writes.endPause();
    this.#options = {
      ...base,
      store,
      scope,
      // Go and linters trim their caches themselves.
      maxSizeBytes: 0,
      compileTimes: new CompileTimesFile(root),
      countedBefore: (name: string) => file.read()?.counts[name] ?? 0,
    };
    this.#release = findRelease(this.#go, context.env, cwd);
    const found = only.has("modules") ? findModules(checkout, cwd) : undefined;
    const { module: release } = this.#release;
    this.modules = found && new ModulesPart({ ...found, release }, modules, this.#options);
  }

  /**
   * Opens the caches of build outputs. These are those of one release, so go is asked which one it is, and may fetch it for
   * that, as the job's next command would. Throws if `only` has `build`, and go can't say it.
   */
  openParts(): void {
    const { only } = this.#choice;
    if (!only.has("build") && !only.has("lint")) return;
    const { env: given } = this.#context;
    const go = this.#release.isInstalled
      ? this.#go
      : readGoHere(given, { cwd: this.#cwd, needsRelease: true });
    const { env } = go;
    const caches: NativeCache[] = only.has("build") ? [{ name: "build", path: goCacheOf(go) }] : [];
    if (only.has("lint")) caches.push(...findLintCaches(env));
    const scope = { ...this.#options.scope, platform: goPlatform(env) };
    this.#parts = caches.map((cache) => new NativePart(cache, { ...this.#options, env, scope }));
  }

  /** Go's own cache first. None before `openParts`. */
  get parts(): readonly NativePart[] {
    return this.#parts;
  }

  /** Where a `restore` in the background says what it does; `undefined`: there is no cache. */
  get logPath(): string | undefined {
    const [first = this.modules] = this.#parts;
    return first?.note.logPath;
  }

  /** Adds what was counted to the run's sums, and prints it with `--metrics`. */
  [Symbol.dispose](): void {
    this.#counts.note();
    if (this.#metrics !== "off") this.#context.log.print(formatMetrics(this.#metrics, this.counters));
  }
}

/** Throws if there is none. */
function goCacheOf(go: GoHere): string {
  const found = findGoCache(go);
  if (found.path === undefined) throw new Error(found.why);
  return found.path;
}
