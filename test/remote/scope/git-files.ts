import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkedOutBranch, clonedDefaultBranch } from "../../../src/remote/scope/git-branches.ts";
import { findGitDir } from "../../../src/remote/scope/git-dir.ts";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Writes files below `root`, and the directories that they are in. */
export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

/** What is understood of the checkout that `cwd` is in. */
export function readGit(cwd: string): { branch: string; defaultBranch: string | undefined } {
  const git = findGitDir(cwd);
  return { branch: checkedOutBranch(git), defaultBranch: clonedDefaultBranch(git) };
}
