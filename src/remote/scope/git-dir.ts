import { type Stats, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { statFile } from "../../lib/files/stat-file.ts";
import { findUpwards } from "./find-upwards.ts";
import { readFileStart } from "./read-file-start.ts";

/** The git directory of a checkout (https://git-scm.com/docs/gitrepository-layout). */
export interface GitDir {
  /** Contains HEAD. */
  path: string;
  /** Contains the references. Differs from `path` only in a linked worktree. */
  commonPath: string;
}

/** A line with a path. */
const MAX_LINE_BYTES = 8 * 1024;

/** The git directory of the checkout that contains `cwd`; `undefined` outside a checkout. */
export function findGitDir(cwd: string): GitDir | undefined {
  const path = findUpwards(cwd, (directory) => {
    const candidate = gitDirOf(directory);
    return candidate !== undefined && statFile(join(candidate, "HEAD")) ? candidate : undefined;
  });
  return path === undefined ? undefined : { path, commonPath: commonPath(path) };
}

/** `.git` is the git directory or, in worktrees and submodules, a file that names it: `gitdir: <path>`. */
function gitDirOf(directory: string): string | undefined {
  const path = join(directory, ".git");
  const stat = statAny(path);
  if (stat?.isDirectory()) return path;
  const target = stat?.isFile() ? readFileStart(path, MAX_LINE_BYTES) : undefined;
  const named = /^gitdir: *(.+?)\s*$/m.exec(target ?? "")?.[1];
  return named && resolve(directory, named);
}

function commonPath(gitDir: string): string {
  const named = readFileStart(join(gitDir, "commondir"), MAX_LINE_BYTES)?.trim();
  return named ? resolve(gitDir, named) : gitDir;
}

function statAny(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
