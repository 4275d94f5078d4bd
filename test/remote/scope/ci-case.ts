import type { Scope } from "../../../src/remote/scope/scope.ts";

/** A run in a CI's environment, and the expected scope. */
export interface CiCase {
  name: string;
  env: Record<string, string>;
  /** Content of the file at GITHUB_EVENT_PATH. */
  event?: unknown;
  scope: Pick<Scope, "job" | "branch" | "run" | "fallbackBranches" | "defaultBranch">;
}
