/** The note of a session for `stats` and `explain`. Loaded after go has its answer, except by sessions that put. */
import type { LookupLog } from "../../buildcache/lookup-log.ts";
import type { Counters } from "../../lib/counters.ts";
import { detectCi } from "../../remote/scope/detect-ci.ts";
import { type JobRun, jobRun } from "../../remote/scope/job-run.ts";
import { detectScope } from "../../remote/scope/scope.ts";
import { appendMissed } from "../explain/missed-file.ts";
import type { CompileTimesFile } from "./compile-times-file.ts";
import { JobCounts, SESSION_COUNTERS } from "./job-counts.ts";
import { JobFile } from "./job-file.ts";

export interface SessionNoteOptions {
  /** The cache directory. */
  root: string;
  env: Record<string, string | undefined>;
  /** Overrides what is detected; see `remote/scope/`. */
  project: string | undefined;
  job: string | undefined;
  startedMs: number;
  counters: Counters;
  lookups: LookupLog;
  compileTimes: CompileTimesFile;
  hasRemote: boolean;
  /** Whether a server counts the rest, such as requests. */
  isServed: boolean;
}

export class SessionNote {
  readonly #options: SessionNoteOptions;
  readonly #run: JobRun;
  readonly #file: JobFile;
  readonly #counts: JobCounts;
  #hasCountedSavings = false;

  constructor(options: SessionNoteOptions) {
    this.#options = options;
    const { root, env, job, counters, isServed } = options;
    this.#run = jobRun(detectCi(env), job, Date.now());
    this.#file = new JobFile(root, this.#run);
    const isWanted = isServed ? (name: string) => SESSION_COUNTERS.has(name) : undefined;
    this.#counts = new JobCounts(() => this.#file, counters, isWanted);
  }

  /** Marks the job's start, for sessions that end before this one: what it puts is not older than the job. */
  firstPut(): void {
    this.#file.append({ atMs: this.#options.startedMs, sessions: 0, counts: {} });
  }

  /**
   * Counts how long go compiled, and how long it would have compiled what it hit. A hit saves that time if the entry is
   * older than the job, and if the job has neither hit nor put it before: then go's own cache would have it as well.
   */
  countSavings(): void {
    if (this.#hasCountedSavings) return;
    this.#hasCountedSavings = true;
    const { counters, lookups } = this.#options;
    const compiled = lookups.compileTimes;
    addTo(
      counters,
      "compile_ms",
      compiled.map(([, ms]) => ms),
    );
    const saved = this.#file.firstUses(
      this.#savings(),
      compiled.map(([id]) => id),
    );
    addTo(counters, "compile_saved_ms", [...saved.values()]);
  }

  /** What was hit, is older than the job, and took a known time to compile, with that time. */
  #savings(): Map<string, number> {
    const { lookups, compileTimes, startedMs } = this.#options;
    const jobStartMs = Math.min(startedMs, this.#file.startedMs() ?? startedMs);
    const timeOf = compileTimes.current();
    const savings = new Map<string, number>();
    for (const { actionId, putTimeMs } of lookups.hits()) {
      const ms = putTimeMs < jobStartMs ? timeOf(actionId) : undefined;
      if (ms !== undefined) savings.set(actionId, ms);
    }
    return savings;
  }

  /** Adds the session to the job's. Never throws. */
  goAnswered(): void {
    const { counters, startedMs } = this.#options;
    // A session that was only greeted, such as that of "go version", did nothing.
    if (counters.get("get") + counters.get("put") === 0) return;
    this.countSavings();
    this.#counts.note(1, startedMs);
    this.#noteMisses();
  }

  /** Adds what the session has done since go had its answer. Never throws. */
  allDone(): void {
    this.#counts.note();
  }

  #noteMisses(): void {
    const { root, env, project, job, counters, lookups, hasRemote } = this.#options;
    const missed = lookups.misses;
    if (missed.length === 0) return;
    try {
      appendMissed(root, {
        of: this.#run,
        endedAtMs: Date.now(),
        lookUps: counters.get("get"),
        missed: missed.length + lookups.unlisted,
        scope: detectScope({ env, cwd: process.cwd(), project, job, nowMs: Date.now() }),
        hasRemote,
        misses: missed,
      });
    } catch {
      // The disk failed: "explain" does not know this command.
    }
  }
}

function addTo(counters: Counters, name: string, times: readonly number[]): void {
  const sumMs = Math.floor(times.reduce((sum, ms) => sum + ms, 0));
  if (sumMs > 0) counters.add(name, sumMs);
}
