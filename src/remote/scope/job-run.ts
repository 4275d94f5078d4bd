import type { CiRun } from "./ci-run.ts";

/** One run of a job. All go commands of the run share it, whatever they build. */
export interface JobRun {
  /** The CI's job and leg, joined with `/`; `local` outside CI. */
  job: string;
  /** The CI's run id; outside CI the date in UTC, such as `2026-01-31`. */
  run: string;
}

/** `job` overrides the CI's job name. */
export function jobRun(ci: CiRun | undefined, job: string | undefined, nowMs: number): JobRun {
  return { job: job || ci?.job || "local", run: ci?.run ?? new Date(nowMs).toISOString().slice(0, 10) };
}
