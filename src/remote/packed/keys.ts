/**
 * The object keys of the packed layout:
 *
 *     [<prefix>/]packed/v1/
 *       pack/<xx>/<SHA-256 of the pack>
 *       run/<platform>/<project>/<branch>/<job>/<inverted time>-<run>-<machine>.json.zst
 *       head/<platform>/<project>/<branch>/<job>.json.zst
 *       new/<platform>/<project>/<inverted time>-<scope>-<random>.json.zst
 *       shared/<platform>.json.zst
 *       gc/candidates.json.zst
 *       mod/<project>/<branch>/<job>/<inverted time>-<run>-<process>.json.zst
 *
 * A head is a copy of the run record written last, so that a new machine need not wait for a listing first.
 * Names are encoded by `lib/percent-name.ts`. The inverted time, 13 digits, makes a listing begin with the newest.
 * `<scope>` is a hash by which readers pass over what their own run records say anyway. What is below `mod/` says which
 * module files a run used.
 */
import { posix } from "node:path";
import { encodeName } from "../../lib/percent-name.ts";
import type { Scope } from "../scope/scope.ts";

const LAST_MS = 9_999_999_999_999;
const RUN_NAME = /^(\d{13})-(.+)-([^-]+)\.json\.zst$/;
const NEW_NAME = /^(\d{13})-([0-9a-f]+)-[^-]+\.json\.zst$/;

/** What the name of a run record says. */
export interface RunName {
  startedMs: number;
  /** As encoded in the key. */
  run: string;
  machine: string;
}

/** What a run belongs to, whatever the platform. */
type JobScope = Pick<Scope, "project" | "branch" | "job" | "run">;

export class PackedKeys {
  /** Begins every key; ends with a slash. */
  readonly root: string;

  constructor(prefix: string) {
    this.root = `${posix.join(prefix, "packed", "v1")}/`;
  }

  pack(id: string): string {
    return `${this.root}pack/${id.slice(0, 2)}/${id}`;
  }

  /** Where the run records of one job lie. */
  runs(scope: Scope, branch: string = scope.branch): string {
    return `${this.runsOfBranch(scope, branch)}${encodeName(scope.job)}/`;
  }

  /** Where the run records of all jobs of a branch lie. */
  runsOfBranch(scope: Scope, branch: string): string {
    const names = [scope.platform, scope.project, branch].map(encodeName);
    return `${this.root}run/${names.join("/")}/`;
  }

  run(scope: Scope, startedMs: number, machine: string): string {
    return `${this.runs(scope)}${invertTime(startedMs)}-${encodeName(scope.run)}-${machine}.json.zst`;
  }

  head(scope: Scope, branch: string = scope.branch): string {
    const names = [scope.platform, scope.project, branch, scope.job].map(encodeName);
    return `${this.root}head/${names.join("/")}.json.zst`;
  }

  /** Where the records of what sessions added lie. */
  additions(scope: Scope): string {
    return `${this.root}new/${encodeName(scope.platform)}/${encodeName(scope.project)}/`;
  }

  addition(scope: Scope, writtenMs: number): string {
    const random = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
    return `${this.additions(scope)}${invertTime(writtenMs)}-${scopeHash(scope)}-${random}.json.zst`;
  }

  shared(platform: string): string {
    return `${this.root}shared/${encodeName(platform)}.json.zst`;
  }

  /** Where it lies what the runs of one job used of the module proxy: the same on every platform. */
  moduleRuns({ project, job }: JobScope, branch: string): string {
    return `${this.root}mod/${[project, branch, job].map(encodeName).join("/")}/`;
  }

  /** `process` has no dash. */
  moduleRun(scope: JobScope, startedMs: number, process: string): string {
    const folder = this.moduleRuns(scope, scope.branch);
    return `${folder}${invertTime(startedMs)}-${encodeName(scope.run)}-${process}.json.zst`;
  }
}

/** `undefined` for a key that is no run record's. */
export function parseRunName(key: string): RunName | undefined {
  const match = RUN_NAME.exec(key.slice(key.lastIndexOf("/") + 1));
  if (match === null) return undefined;
  const [, inverted = "", run = "", machine = ""] = match;
  return { startedMs: LAST_MS - Number(inverted), run, machine };
}

/** Which scope's session made an addition; `undefined` for a key that is none. */
export function additionScopeHash(key: string): string | undefined {
  return NEW_NAME.exec(key.slice(key.lastIndexOf("/") + 1))?.[2];
}

/** Tells the scopes of one project apart, whatever the run. */
export function scopeHash({ platform, project, branch, job }: Scope): string {
  const text = JSON.stringify([platform, project, branch, job]);
  return Bun.hash(text).toString(16).padStart(16, "0");
}

/** Tells the projects and platforms of one bucket apart: their sessions may store for each other. */
export function projectHash({ platform, project }: Pick<Scope, "platform" | "project">): string {
  return Bun.hash(JSON.stringify([platform, project]))
    .toString(16)
    .padStart(16, "0");
}

function invertTime(ms: number): string {
  const time = Math.min(Math.max(Math.floor(ms), 0), LAST_MS);
  return String(LAST_MS - time).padStart(13, "0");
}
