import type { Counters } from "../../lib/counters.ts";
import type { JobFile } from "./job-file.ts";

/**
 * What a session counts for itself. The server of a session that uses one counts the rest, such as requests, and is told
 * of these for its own pages.
 */
export const SESSION_COUNTERS: ReadonlySet<string> = new Set([
  "get",
  "get_local_hit",
  "get_local_miss",
  "get_remote_hit",
  "get_remote_miss",
  "put",
  "put_bytes",
  "made_ms",
]);

/** Brings counters into a job's file, a part at a time. */
export class JobCounts {
  readonly #file: () => JobFile;
  readonly #counters: Counters;
  readonly #isWanted: (name: string) => boolean;
  #noted: Record<string, number> = {};

  /** `file`: asked each time, for a new day begins another one. */
  constructor(file: () => JobFile, counters: Counters, isWanted: (name: string) => boolean = () => true) {
    this.#file = file;
    this.#counters = counters;
    this.#isWanted = isWanted;
  }

  /** Adds what was counted since the last time. `sessions`: go commands that have ended; `more`: beside the counters. */
  note(sessions = 0, more: Record<string, number> = {}): void {
    const now = this.#counters.snapshot();
    const news = Object.entries(now)
      .filter(([name]) => this.#isWanted(name))
      .map(([name, value]) => [name, value - (this.#noted[name] ?? 0)] as const)
      .filter(([, value]) => value > 0);
    this.#noted = now;
    if (news.length === 0 && sessions === 0) return;
    this.#file().append({ atMs: Date.now(), sessions, counts: { ...Object.fromEntries(news), ...more } });
  }
}
