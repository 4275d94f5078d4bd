import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkedOutBranch, clonedDefaultBranch } from "../../../src/remote/scope/git-branches.ts";
import { findGitDir } from "../../../src/remote/scope/git-dir.ts";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Writes files below `root` and creates their directories. */
export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

/** The branches detected for the checkout that contains `cwd`. */
export function readGit(cwd: string): { branch: string; defaultBranch: string | undefined } {
  const git = findGitDir(cwd);
  return { branch: checkedOutBranch(git), defaultBranch: clonedDefaultBranch(git) };
}
