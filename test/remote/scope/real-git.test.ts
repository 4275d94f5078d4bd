import { expect, test } from "bun:test";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { readGit } from "./git-files.ts";

/** A repository with the branches `trunk` (checked out) and `feature/x`, and its clone with packed references. */
function makeClone(dir: TempDir): void {
  git(dir.path, "init", "--quiet", "--initial-branch=trunk", "origin");
  git(dir.join("origin"), "commit", "--quiet", "--allow-empty", "--message=first");
  git(dir.join("origin"), "branch", "feature/x");
  git(dir.path, "clone", "--quiet", dir.join("origin"), "clone");
  git(dir.join("clone"), "pack-refs", "--all");
}

function git(cwd: string, ...args: string[]): void {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const { exitCode, stderr } = Bun.spawnSync(["git", ...identity, ...args], { cwd, env });
  expect({ stderr: stderr.toString(), exitCode }).toMatchObject({ exitCode: 0 });
}

test("reads git's own files: clone, worktree, detached head", () => {
  using dir = tempDir("git");
  makeClone(dir);
  git(dir.join("clone"), "worktree", "add", "--quiet", dir.join("worktree"), "feature/x");
  expect(readGit(dir.join("clone"))).toEqual({ branch: "trunk", defaultBranch: "trunk" });
  expect(readGit(dir.join("worktree"))).toEqual({ branch: "feature/x", defaultBranch: "trunk" });
  git(dir.join("worktree"), "checkout", "--quiet", "--detach");
  expect(readGit(dir.join("worktree"))).toEqual({ branch: "detached", defaultBranch: "trunk" });
});
