import type { Scope } from "../../../src/remote/scope/scope.ts";

/** A run as a CI presents it, and what is to be understood. */
export interface CiCase {
  name: string;
  env: Record<string, string>;
  /** What is in the file that GITHUB_EVENT_PATH names. */
  event?: unknown;
  scope: Pick<Scope, "job" | "branch" | "run" | "fallbackBranches" | "defaultBranch">;
}
