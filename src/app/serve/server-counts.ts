import { detectCi } from "../../remote/scope/detect-ci.ts";
import { jobRun } from "../../remote/scope/job-run.ts";
import { JobCounts, SESSION_COUNTERS } from "../summary/job-counts.ts";
import { JobFile } from "../summary/job-file.ts";
import type { ServeParts } from "./parts.ts";

const NOTE_MS = 5_000;

/** Adds what a server counts, beside what its sessions count themselves, to the file of the job that started it. */
export class ServerCounts {
  readonly #counts: JobCounts;
  readonly #noting: ReturnType<typeof setInterval>;

  constructor(parts: ServeParts) {
    const { root, env, config, counters } = parts;
    const file = () => new JobFile(root, jobRun(detectCi(env), config.job, Date.now()));
    this.#counts = new JobCounts(file, counters, (name) => !SESSION_COUNTERS.has(name));
    this.#noting = setInterval(() => this.#note(), NOTE_MS).unref();
  }

  /** Adds the rest. */
  finish(): void {
    clearInterval(this.#noting);
    this.#note();
  }

  #note(): void {
    this.#counts.note();
  }
}
