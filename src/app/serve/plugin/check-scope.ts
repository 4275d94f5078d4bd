import type { Scope } from "../../../remote/scope/scope.ts";

const MAX_NAME_CHARS = 4_096;
const MAX_FALLBACKS = 8;

/** The scope that a client sent, or `undefined` when it is none. What is more in it is left out. */
export function checkScope(value: unknown): Scope | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { platform, project, branch, job, run, fallbackBranches, defaultBranch } = value as Record<
    string,
    unknown
  >;
  if (!isName(platform) || !isName(project) || !isName(branch) || !isName(job) || !isName(run))
    return undefined;
  if (!Array.isArray(fallbackBranches) || !fallbackBranches.every(isName)) return undefined;
  return {
    platform,
    project,
    branch,
    job,
    run,
    fallbackBranches: fallbackBranches.slice(0, MAX_FALLBACKS),
    defaultBranch: isName(defaultBranch) ? defaultBranch : undefined,
  };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_NAME_CHARS;
}
