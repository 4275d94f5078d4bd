import type { CiRun } from "./ci-run.ts";
import { checkedOutBranch, clonedDefaultBranch } from "./git-branches.ts";
import type { GitDir } from "./git-dir.ts";

/** GitHub's merge queue creates a branch for each entry. Other CIs see it, too. */
const QUEUE_ENTRY = /^gh-readonly-queue\/(.+)\/[^/]+$/;

/**
 * The branch of a run, and the branches with useful records; see `Scope`.
 *
 * A pull request is `pr-<number>`, not the name of its head: a fork may call its branch `main`. All entries of a merge
 * queue share `queue-<base>`. Git provides what the CI doesn't. If neither knows the default branch, the base of the
 * pull request is used; failing that, in CI, `main` (`master` on a branch of that name). A wrong guess costs one empty
 * listing.
 */
export function runBranches(
  ci: CiRun | undefined,
  git: GitDir | undefined,
): { branch: string; fallbackBranches: string[]; defaultBranch: string | undefined } {
  const { branch, base } = ownBranch(ci, git);
  const guess = branch === "master" ? "master" : "main";
  const defaultBranch =
    ci?.defaultBranch ?? clonedDefaultBranch(git) ?? base ?? (ci === undefined ? undefined : guess);
  const further = new Set([base, defaultBranch].filter((name) => name !== undefined));
  further.delete(branch);
  return { branch, fallbackBranches: [...further], defaultBranch };
}

function ownBranch(
  ci: CiRun | undefined,
  git: GitDir | undefined,
): { branch: string; base: string | undefined } {
  if (ci?.pullRequest !== undefined) return { branch: `pr-${ci.pullRequest}`, base: ci.base };
  const branch = ci?.branch ?? checkedOutBranch(git);
  const queueBase = ci?.queueBase ?? QUEUE_ENTRY.exec(branch)?.[1];
  return queueBase === undefined
    ? { branch, base: undefined }
    : { branch: `queue-${queueBase}`, base: queueBase };
}
