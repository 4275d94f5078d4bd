/**
 * The object keys of the packed layout:
 *
 *     [<prefix>/]packed/v1/
 *       pack/<xx>/<SHA-256 of the pack>
 *       segment/<xx>/<SHA-256 of the segment's bytes>
 *       run/<platform>/<project>/<branch>/<job>/<inverted time>-<run>-<machine>.<entries>.json.zst
 *       head/<platform>/<project>/<branch>/<job>.json.zst
 *       new/<platform>/<project>/<inverted time>-<scope>-<random>.json.zst
 *       shared/<platform>.json.zst
 *       gc/…    what collections of garbage keep; see `packed/gc/`
 *
 * A head is a copy of a recent version of the newest run record; a new machine reads it without a listing. `remote/runs/run-names.ts`
 * defines the names of runs. `<scope>` is a hash of the scope; readers use it to skip additions of their own scope,
 * since their run records contain those. The module proxy keeps its run records under `mod/`.
 */
import { encodeName } from "../../../lib/text/percent-name.ts";
import { formatRunName, invertTime, jobFolder, packedRoot } from "../../runs/run-names.ts";
import type { Scope } from "../../scope/scope.ts";

const NEW_NAME = /^(\d{13})-([0-9a-f]+)-[^-]+\.json\.zst$/;

export class PackedKeys {
  /** The prefix of every key, with a trailing slash. */
  readonly root: string;

  constructor(prefix: string) {
    this.root = packedRoot(prefix);
  }

  pack(id: string): string {
    return `${this.root}pack/${id.slice(0, 2)}/${id}`;
  }

  segment(id: string): string {
    return `${this.root}segment/${id.slice(0, 2)}/${id}`;
  }

  /** The folder of one job's run records. */
  runs(scope: Scope, branch: string = scope.branch): string {
    return `${this.runsOfBranch(scope, branch)}${encodeName(scope.job)}/`;
  }

  /** The folder of the run records of all jobs of a branch. */
  runsOfBranch(scope: Scope, branch: string): string {
    return `${this.runsOfProject(scope)}${encodeName(branch)}/`;
  }

  /** The folder of the run records of all branches. */
  runsOfProject(scope: Scope): string {
    return `${this.root}run/${jobFolder(scope.platform, scope.project)}/`;
  }

  run(scope: Scope, startedMs: number, machine: string): string {
    const name = formatRunName({ startedMs, run: scope.run, writer: machine, hasEnded: false });
    return `${this.runs(scope)}${name}`;
  }

  head(scope: Scope, branch: string = scope.branch): string {
    return `${this.root}head/${jobFolder(scope.platform, scope.project, branch, scope.job)}.json.zst`;
  }

  /** The folder of additions: records of the entries that single sessions added. */
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

/** Whether a prefix that was read in the bucket stays in it: a directory as the bucket refuses the whole request else. */
export function isPlainPrefix(prefix: string): boolean {
  return prefix.split("/").every((part) => part !== "." && part !== "..");
}

/** Whether a prefix is one of `prefixes`, however both are written. */
export type PrefixTest = (prefix: string) => boolean;

export function prefixTest(prefixes: readonly string[]): PrefixTest {
  const roots = new Set(prefixes.map(packedRoot));
  return (prefix) => roots.has(packedRoot(prefix));
}

/** The hash of the scope that wrote an addition; `undefined` if the key is not an addition's. */
export function additionScopeHash(key: string): string | undefined {
  return NEW_NAME.exec(key.slice(key.lastIndexOf("/") + 1))?.[2];
}

/** Distinguishes the scopes of one project; all runs of a scope have the same hash. */
export function scopeHash({ platform, project, branch, job }: Scope): string {
  const text = JSON.stringify([platform, project, branch, job]);
  return Bun.hash(text).toString(16).padStart(16, "0");
}

/** Distinguishes projects and platforms of one bucket. Sessions with the same hash may upload for each other. */
export function projectHash({ platform, project }: Pick<Scope, "platform" | "project">): string {
  return Bun.hash(JSON.stringify([platform, project]))
    .toString(16)
    .padStart(16, "0");
}
