/** What a session leaves for `stats` and `explain`. Loaded when go has its answer: nothing of it is waited for. */
import type { MissLog } from "../../buildcache/miss-log.ts";
import type { Counters } from "../../lib/counters.ts";
import { detectCi } from "../../remote/scope/detect-ci.ts";
import { jobRun } from "../../remote/scope/job-run.ts";
import { detectScope } from "../../remote/scope/scope.ts";
import { writeMissed } from "../explain/missed-file.ts";
import { JobCounts, SESSION_COUNTERS } from "./job-counts.ts";
import { JobFile } from "./job-file.ts";
import type { MachineMaking } from "./machine-making.ts";
import { savedMs } from "./saved-time.ts";

export interface SessionNoteOptions {
  /** The cache directory. */
  root: string;
  env: Record<string, string | undefined>;
  /** In place of what would be found; see `remote/scope/`. */
  project: string | undefined;
  job: string | undefined;
  counters: Counters;
  misses: MissLog;
  making: MachineMaking;
  hasRemote: boolean;
  /** Whether a server counts what is not the session's own, and keeps the time that making takes. */
  isServed: boolean;
}

export class SessionNote {
  readonly #options: SessionNoteOptions;
  readonly #counts: JobCounts;

  constructor(options: SessionNoteOptions) {
    this.#options = options;
    const { root, env, job, counters, isServed } = options;
    const file = new JobFile(root, jobRun(detectCi(env), job, Date.now()));
    const isWanted = isServed ? (name: string) => SESSION_COUNTERS.has(name) : undefined;
    this.#counts = new JobCounts(() => file, counters, isWanted);
  }

  /** Adds the session to the job's. Never throws. */
  goAnswered(): void {
    const { counters, making } = this.#options;
    // A session that was only greeted, such as that of "go version", did nothing.
    if (counters.get("get") + counters.get("put") === 0) return;
    const saved = savedMs(counters.snapshot(), making.total());
    this.#counts.note(1, saved === undefined ? {} : { saved_ms: saved });
    this.#noteMisses();
  }

  /** Adds what the session has done behind. Never throws. */
  allDone(): void {
    this.#counts.note();
    const { making, isServed } = this.#options;
    if (!isServed) making.save();
  }

  #noteMisses(): void {
    const { root, env, project, job, counters, misses, hasRemote } = this.#options;
    const missed = misses.misses;
    if (missed.length === 0) return;
    try {
      writeMissed(root, {
        endedAtMs: Date.now(),
        lookUps: counters.get("get"),
        missed: missed.length + misses.unlisted,
        scope: detectScope({ env, cwd: process.cwd(), project, job, nowMs: Date.now() }),
        hasRemote,
        misses: missed,
      });
    } catch {
      // A disk that takes nothing: "explain" knows of an earlier session.
    }
  }
}
