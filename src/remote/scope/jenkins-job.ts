import type { CiRun } from "./ci-run.ts";

/**
 * A multibranch project of Jenkins has one job per branch, so JOB_NAME ends with the percent-encoded branch:
 * `folder/project/feature%2Fx`. A plain job gets its branch only from the git plugin, as `origin/main`.
 */
export function withJenkinsNames(run: CiRun, env: Record<string, string | undefined>): CiRun {
  const slash = run.job.lastIndexOf("/");
  const endsInBranch = slash > 0 && decoded(run.job.slice(slash + 1)) === run.branch;
  return {
    ...run,
    job: endsInBranch ? run.job.slice(0, slash) : run.job,
    branch: run.branch ?? (env.GIT_BRANCH?.replace(/^(?:refs\/remotes\/)?origin\//, "") || undefined),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
