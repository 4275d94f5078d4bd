import { runBranches } from "./branches.ts";
import { detectCi } from "./detect-ci.ts";
import { findGitDir } from "./git-dir.ts";
import { type JobRun, jobRun } from "./job-run.ts";
import { mainModule } from "./main-module.ts";
import { goPlatform } from "./platform.ts";

/** Runs of the same scope use nearly the same entries, so each run prefetches those of the last one. */
export interface Scope extends JobRun {
  /** `linux_amd64_go1.26.3`. */
  platform: string;
  /** The main module's path, or `no-module`. */
  project: string;
  /** `pr-<number>`, `queue-<base>`, the name of a branch or tag, `detached`, or `none` without git. */
  branch: string;
  /**
   * Further branches to read records of the same job from, nearest first, without `branch` itself: the base of a pull
   * request or merge queue, then the default branch.
   */
  fallbackBranches: string[];
  /** Other jobs of this branch are used if the job has no record; `undefined`: unknown. */
  defaultBranch: string | undefined;
}

/** The inputs of `detectScope`. */
export interface ScopeSources {
  env: Record<string, string | undefined>;
  /** An absolute path. */
  cwd: string;
  /** Overrides the detected project. */
  project: string | undefined;
  job: string | undefined;
}

/**
 * Detects the scope from the environment and from the files of go and git in `cwd` or above. Empty values count as
 * missing; `project` and `job` override detected ones. Never throws. Reads only small files.
 */
export function detectScope(options: ScopeSources & { nowMs: number }): Scope {
  const { env, cwd, project, job, nowMs } = options;
  const ci = detectCi(env);
  return {
    platform: goPlatform(env),
    project: project || mainModule(env, cwd)?.path || "no-module",
    ...jobRun(ci, job, nowMs),
    ...runBranches(ci, findGitDir(cwd)),
  };
}
