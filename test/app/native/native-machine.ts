/** A machine with the caches of go and of linters, and no program that uses them: tests put entries there. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunContext } from "../../../src/app/direct.ts";
import type { CacheKind, CacheName } from "../../../src/app/native/native-caches.ts";
import { CACHE_KINDS } from "../../../src/app/native/native-caches.ts";
import type { NativeConfig } from "../../../src/app/native/native-job.ts";
import { restore } from "../../../src/app/native/restore.ts";
import { save } from "../../../src/app/native/save.ts";
import { JobFile } from "../../../src/app/summary/job-file.ts";
import { restoredLine, savedLine } from "../../../src/cli/native-command.ts";
import { resolveSettings, toConfig } from "../../../src/cli/options/settings.ts";
import { formatActionFile } from "../../../src/gocache/action-file.ts";
import { Logger } from "../../../src/lib/logger.ts";
import { detectCi } from "../../../src/remote/scope/detect-ci.ts";
import { jobRun } from "../../../src/remote/scope/job-run.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { sha256Hex } from "../../support/ids.ts";

/** No go is asked for these. */
const HELPER_ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };
const CI_ENV = { DRONE: "true", DRONE_BRANCH: "main", DRONE_REPO_BRANCH: "main" };

type ProgramCache = Exclude<CacheName, "modules">;

export class NativeMachine {
  readonly paths: Record<ProgramCache, string>;
  readonly env: Record<string, string>;
  readonly #root: string;
  readonly #flags: ReadonlyMap<string, string>;

  /** `dir`: of this machine. */
  constructor(dir: string, bucket: string, { flags = {}, env = {} }: MachineOptions = {}) {
    const [build, golangci, staticcheck] = ["gocache", "golangci-lint", "staticcheck"].map((name) =>
      join(dir, name),
    ) as [string, string, string];
    this.paths = { build, "golangci-lint": golangci, staticcheck };
    this.env = {
      ...HELPER_ENV,
      ...CI_ENV,
      GOCACHE: build,
      GOLANGCI_LINT_CACHE: golangci,
      STATICCHECK_CACHE: staticcheck,
      ...env,
    };
    this.#root = join(dir, "plugin");
    this.#flags = new Map(
      Object.entries({
        bucket: `file://${bucket}`,
        "cache-dir": this.#root,
        project: "example.com/lint",
        ...flags,
      }),
    );
  }

  /** Puts an entry into a cache as its program does, and returns the names of its files. */
  put(cache: ProgramCache, text: string): string[] {
    const [actionId, outputId] = [sha256Hex(`action of ${text}`), sha256Hex(text)];
    const entry = { actionId, outputId, sizeBytes: text.length, putTimeMs: Date.now() };
    const names = [`${actionId.slice(0, 2)}/${actionId}-a`, `${outputId.slice(0, 2)}/${outputId}-d`];
    const contents = [formatActionFile(entry, Number.MAX_SAFE_INTEGER), text];
    for (const [at, name] of names.entries()) {
      mkdirSync(join(this.paths[cache], name.slice(0, 2)), { recursive: true });
      writeFileSync(join(this.paths[cache], name), contents[at] ?? "");
    }
    return names.toSorted((a, b) => (a < b ? -1 : 1));
  }

  /** Uses an entry as its program does. */
  use(cache: ProgramCache, names: readonly string[]): void {
    const now = new Date();
    for (const name of names) utimesSync(join(this.paths[cache], name), now, now);
  }

  /** The names of all files in a cache. */
  files(cache: ProgramCache): string[] {
    return filesBelow(this.paths[cache]);
  }

  /** What the run's commands have counted so far. */
  get counts(): Record<string, number> {
    const file = new JobFile(this.#root, jobRun(detectCi(this.env), undefined, Date.now()));
    return file.read()?.counts ?? {};
  }

  async restore(only: readonly CacheKind[] = CACHE_KINDS): Promise<Lines> {
    return await this.#run(async (config, context, out) => {
      const onRestored = (report: Parameters<typeof restoredLine>[0]) => out.push(restoredLine(report));
      await restore(config, context, { only: new Set(only), modules: "auto", setsMtimes: false, onRestored });
    });
  }

  async save(only: readonly CacheKind[] = CACHE_KINDS): Promise<Lines> {
    return await this.#run(async (config, context, out) => {
      const onSaved = (report: Parameters<typeof savedLine>[0]) => out.push(savedLine(report));
      await save(config, context, { only: new Set(only), modules: "auto", hasEnded: true, onSaved });
    });
  }

  async #run(
    command: (config: NativeConfig, context: RunContext, out: string[]) => Promise<void>,
  ): Promise<Lines> {
    const lines: Lines = { out: [], err: [] };
    const log = new Logger({ verbose: false, debugMask: 0, write: (line) => lines.err.push(line.trim()) });
    const { remote, ...config } = toConfig(resolveSettings(this.#flags, this.env));
    if (remote === undefined) throw new Error("the flags name no bucket");
    const watchProgress = () => ({ [Symbol.dispose]: () => {} });
    await command({ ...config, remote }, { env: this.env, log, watchProgress }, lines.out);
    return lines;
  }
}

/** What a command printed. */
export interface Lines {
  out: string[];
  err: string[];
}

interface MachineOptions {
  flags?: Record<string, string>;
  env?: Record<string, string>;
}
