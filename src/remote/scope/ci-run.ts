/** What a CI says of the run that this process is part of; `undefined` is what it doesn't say. */
export interface CiRun {
  /** Job and leg, joined with `/`. */
  job: string;
  /** The branch or tag that is built; of a pull request its head, or anything else. */
  branch: string | undefined;
  /** The number of the pull request that is built. */
  pullRequest: string | undefined;
  /** The branch that the pull request is to be merged into. */
  base: string | undefined;
  /** The branch that the merge queue being built leads to. */
  queueBase: string | undefined;
  defaultBranch: string | undefined;
  run: string | undefined;
}
