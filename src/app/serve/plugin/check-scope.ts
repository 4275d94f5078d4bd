import { isText, listOf, optional, shape } from "../../../lib/shape.ts";
import type { Scope } from "../../../remote/scope/scope.ts";

const MAX_NAME_CHARS = 4_096;
const MAX_FALLBACKS = 8;

const isScope = shape<Scope>({
  platform: isName,
  project: isName,
  branch: isName,
  job: isName,
  run: isName,
  fallbackBranches: listOf(isName),
  defaultBranch: optional(isName),
});

/** The scope that a client sent, or `undefined` when it is invalid. Further fields are dropped. */
export function checkScope(value: unknown): Scope | undefined {
  if (!isScope(value)) return undefined;
  const { platform, project, branch, job, run, fallbackBranches, defaultBranch } = value;
  const first = fallbackBranches.slice(0, MAX_FALLBACKS);
  return { platform, project, branch, job, run, fallbackBranches: first, defaultBranch };
}

function isName(value: unknown): value is string {
  return isText(value) && value.length <= MAX_NAME_CHARS;
}
