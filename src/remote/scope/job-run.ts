import type { CiRun } from "./ci-run.ts";

/** One run of a job: what all its go commands have in common, whatever they build. */
export interface JobRun {
  /** CI's job and leg, joined with `/`; `local` outside CI. */
  job: string;
  /** CI's id of the run, else the date in UTC, `2026-01-31`. */
  run: string;
}

/** `job` takes the place of what CI calls it. */
export function jobRun(ci: CiRun | undefined, job: string | undefined, nowMs: number): JobRun {
  return { job: job || ci?.job || "local", run: ci?.run ?? new Date(nowMs).toISOString().slice(0, 10) };
}
