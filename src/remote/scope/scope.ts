import { runBranches } from "./branches.ts";
import { detectCi } from "./detect-ci.ts";
import { findGitDir } from "./git-dir.ts";
import { type JobRun, jobRun } from "./job-run.ts";
import { mainModule } from "./main-module.ts";
import { goPlatform } from "./platform.ts";

/** What a run belongs to: runs of one scope use nearly the same entries, so the last one's are worth fetching. */
export interface Scope extends JobRun {
  /** `linux_amd64_go1.26.3`. */
  platform: string;
  /** The main module's path, or `no-module`. */
  project: string;
  /** `pr-<number>`, `queue-<base>`, the name of a branch or tag, `detached`, or `none` without git. */
  branch: string;
  /**
   * Branches whose records of the same job are worth reading too, nearest first, without `branch` itself: the base
   * of a pull request or merge queue, then the default branch.
   */
  fallbackBranches: string[];
  /** Whose jobs stand in where there is no own record; `undefined`: not known. */
  defaultBranch: string | undefined;
}

/** What a scope is found out from. */
export interface ScopeSources {
  env: Record<string, string | undefined>;
  /** An absolute path. */
  cwd: string;
  /** In place of what would be found. */
  project: string | undefined;
  job: string | undefined;
}

/**
 * Finds out from the environment, and from what go and git keep at `cwd` or above. Empty values
 * count as missing; `project` and `job` take the place of what would be found. Never throws, and waits for nothing
 * but small reads.
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
