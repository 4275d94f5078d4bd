import type { CiRun } from "./ci-run.ts";

/** The variables of one CI that describe its run. In each innermost list, the first non-empty variable counts. */
export interface CiVariables {
  /** A variable that is set (to `markerValue`, if given) only in this CI. */
  readonly marker: string;
  readonly markerValue?: string;
  readonly job: readonly (readonly string[])[];
  /** The index of this run among the parallel runs of its job. */
  readonly leg?: readonly string[];
  /** Used only outside pull requests, so it omits variables that name a pull request's head. Tags come last. */
  readonly branch: readonly string[];
  readonly pullRequest?: readonly string[];
  readonly base?: readonly string[];
  readonly defaultBranch?: readonly string[];
  readonly run: readonly (readonly string[])[];
  /** Completes the run where variables alone are not enough. */
  readonly refine?: (run: CiRun, env: Record<string, string | undefined>) => CiRun;
}
