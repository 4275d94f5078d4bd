import { ciMarker } from "./detect-ci.ts";
import { findGitDir } from "./git-dir.ts";
import { mainModule } from "./main-module.ts";
import type { ScopeSources } from "./scope.ts";

/** The sources of the parts of a scope from `detectScope`, as text for the user. */
export function scopeOrigin({ env, cwd, project, job }: ScopeSources): {
  project: string;
  branch: string;
  job: string;
} {
  const marker = ciMarker(env);
  const ofCi = marker && `the CI's variables (${marker} is set)`;
  return {
    project: project
      ? "--project"
      : (mainModule(env, cwd)?.file ?? "there is no go.mod in this directory or above"),
    branch: ofCi ?? findGitDir(cwd)?.path ?? "there is neither a known CI nor git",
    job: job ? "--scope" : (ofCi ?? "no known CI"),
  };
}
