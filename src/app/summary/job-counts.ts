import type { Counters } from "../../lib/counters.ts";
import type { JobFile } from "./job-file.ts";

/**
 * The counters that a session keeps itself. If it uses a server, the server counts the rest, such as requests; the
 * session sends these to the server, for the server's own pages.
 */
export const SESSION_COUNTERS: ReadonlySet<string> = new Set([
  "get",
  "get_local_hit",
  "get_local_miss",
  "get_remote_hit",
  "get_remote_miss",
  "put",
  "put_bytes",
  "put_programs",
  "compile_ms",
  "compile_saved_ms",
  "remote_wait_ms",
]);

/** Adds counters to a job's file, a part at a time. */
export class JobCounts {
  readonly #file: () => JobFile;
  readonly #counters: Counters;
  readonly #isWanted: (name: string) => boolean;
  #noted: Record<string, number> = {};

  /** `file`: called each time, since each day has its own file. */
  constructor(file: () => JobFile, counters: Counters, isWanted: (name: string) => boolean = () => true) {
    this.#file = file;
    this.#counters = counters;
    this.#isWanted = isWanted;
  }

  /** Adds what was counted since the last time. `sessions`: go commands that have ended; `atMs`: when they started. */
  note(sessions = 0, atMs = Date.now()): void {
    const now = this.#counters.snapshot();
    const news = Object.entries(now)
      .filter(([name]) => this.#isWanted(name))
      .map(([name, value]) => [name, value - (this.#noted[name] ?? 0)] as const)
      .filter(([, value]) => value > 0);
    this.#noted = now;
    if (news.length === 0 && sessions === 0) return;
    this.#file().append({ atMs, sessions, counts: Object.fromEntries(news) });
  }
}
