import type { CiRun } from "./ci-run.ts";

/** Where one CI says what it runs. In each innermost list the first variable that is set and not empty counts. */
export interface CiVariables {
  /** Set, to `markerValue` if there is one, exactly where this CI runs. */
  readonly marker: string;
  readonly markerValue?: string;
  readonly job: readonly (readonly string[])[];
  /** Which of the parallel runs of a job this is. */
  readonly leg?: readonly string[];
  /** Only where no pull request is built, so without those that name a pull request's head; tags last. */
  readonly branch: readonly string[];
  readonly pullRequest?: readonly string[];
  readonly base?: readonly string[];
  readonly defaultBranch?: readonly string[];
  readonly run: readonly (readonly string[])[];
  /** Puts right what takes more than reading variables. */
  readonly refine?: (run: CiRun, env: Record<string, string | undefined>) => CiRun;
}
