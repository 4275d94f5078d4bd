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
 *
 * A head is a copy of the run record written last, so that a new machine need not wait for a listing first.
 * `remote/runs/run-names.ts` has the names of runs. `<scope>` is a hash by which readers pass over what their own run
 * records say anyway. The module proxy's run records lie beside, below `mod/`.
 */
import { encodeName } from "../../../lib/text/percent-name.ts";
import { formatRunName, invertTime, jobFolder, packedRoot } from "../../runs/run-names.ts";
import type { Scope } from "../../scope/scope.ts";

const NEW_NAME = /^(\d{13})-([0-9a-f]+)-[^-]+\.json\.zst$/;

export class PackedKeys {
  /** Begins every key; ends with a slash. */
  readonly root: string;

  constructor(prefix: string) {
    this.root = packedRoot(prefix);
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
    return `${this.root}run/${jobFolder(scope.platform, scope.project, branch)}/`;
  }

  run(scope: Scope, startedMs: number, machine: string): string {
    return `${this.runs(scope)}${formatRunName({ startedMs, run: scope.run, writer: machine })}`;
  }

  head(scope: Scope, branch: string = scope.branch): string {
    return `${this.root}head/${jobFolder(scope.platform, scope.project, branch, scope.job)}.json.zst`;
  }

  /** Where the records of what sessions added lie. */
  additions(scope: Scope): string {
    return `${this.root}new/${jobFolder(scope.platform, scope.project)}/`;
  }

  addition(scope: Scope, writtenMs: number): string {
    const random = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
    return `${this.additions(scope)}${invertTime(writtenMs)}-${scopeHash(scope)}-${random}.json.zst`;
  }

  shared(platform: string): string {
    return `${this.root}shared/${encodeName(platform)}.json.zst`;
  }
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
