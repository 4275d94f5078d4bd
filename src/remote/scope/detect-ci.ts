import type { CiRun } from "./ci-run.ts";
import { CI_TABLE } from "./ci-table.ts";
import type { CiVariables } from "./ci-variables.ts";

type Env = Record<string, string | undefined>;

/** A number, `refs/pull/12/merge`, or a pull request's URL. */
const PULL_REQUEST = /^(?:https?:\/\/\S*\/|refs\/pull\/)?(\d+)(?:\/(?:merge|head))?$/;

/** The CI run described by `env`; `undefined` outside the supported CIs. */
export function detectCi(env: Env): CiRun | undefined {
  const ci = findCi(env);
  if (ci === undefined) return undefined;
  const run = readVariables(ci, env);
  return ci.refine === undefined ? run : ci.refine(run, env);
}

/** The variable that identifies the CI. */
export function ciMarker(env: Env): string | undefined {
  return findCi(env)?.marker;
}

function findCi(env: Env): CiVariables | undefined {
  return CI_TABLE.find(({ marker, markerValue }) =>
    markerValue === undefined ? Boolean(env[marker]) : env[marker] === markerValue,
  );
}

function readVariables(ci: CiVariables, env: Env): CiRun {
  return {
    job: joined("/", [joined("/", firstOfEach(env, ci.job)) ?? "job", firstSet(env, ci.leg)]) ?? "job",
    branch: branchName(firstSet(env, ci.branch)),
    pullRequest: PULL_REQUEST.exec(firstSet(env, ci.pullRequest) ?? "")?.[1],
    base: branchName(firstSet(env, ci.base)),
    queueBase: undefined,
    defaultBranch: branchName(firstSet(env, ci.defaultBranch)),
    run: joined("-", firstOfEach(env, ci.run)),
  };
}

function firstSet(env: Env, names: readonly string[] = []): string | undefined {
  return names.map((name) => env[name]).find(Boolean);
}

function firstOfEach(env: Env, parts: readonly (readonly string[])[]): (string | undefined)[] {
  return parts.map((names) => firstSet(env, names));
}

function joined(separator: string, parts: readonly (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined).join(separator) || undefined;
}

function branchName(ref: string | undefined): string | undefined {
  return ref?.replace(/^refs\/(?:heads|tags)\//, "") || undefined;
}
