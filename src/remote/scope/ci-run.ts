/** The current CI run, from the CI's variables. `undefined`: the CI doesn't provide it. */
export interface CiRun {
  /** Job and leg, joined with `/`. */
  job: string;
  /** The branch or tag being built. Unspecified for a pull request. */
  branch: string | undefined;
  /** The number of the pull request being built. */
  pullRequest: string | undefined;
  /** The target branch of the pull request. */
  base: string | undefined;
  /** The target branch of the merge queue being built. */
  queueBase: string | undefined;
  defaultBranch: string | undefined;
  run: string | undefined;
}
