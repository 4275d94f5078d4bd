import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { findGitDir } from "../../../src/remote/scope/git-dir.ts";
import { testOnPosix } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { COMMIT, writeFiles } from "./git-files.ts";

test("is found from any depth", () => {
  using dir = tempDir("git");
  writeFiles(dir.path, { ".git/HEAD": COMMIT, "a/b/c/file": "" });
  const path = dir.join(".git");
  expect(findGitDir(dir.join("a/b/c"))).toEqual({ path, commonPath: path });
});

test("a worktree's .git is a file, and its references are in the main checkout", () => {
  using dir = tempDir("git");
  const path = dir.join("main/.git/worktrees/w");
  writeFiles(dir.path, {
    "main/.git/HEAD": COMMIT,
    "main/.git/worktrees/w/HEAD": COMMIT,
    "main/.git/worktrees/w/commondir": "../..\n",
    "w/.git": `gitdir: ${path}\r\n`,
    "w/sub/file": "",
  });
  expect(findGitDir(dir.join("w/sub"))).toEqual({ path, commonPath: dir.join("main/.git") });
});

test("a submodule's .git is a file with a relative path", () => {
  using dir = tempDir("git");
  writeFiles(dir.path, {
    ".git/modules/sub/HEAD": COMMIT,
    "sub/.git": "gitdir: ../.git/modules/sub\n",
  });
  const path = dir.join(".git/modules/sub");
  expect(findGitDir(dir.join("sub"))).toEqual({ path, commonPath: path });
});

testOnPosix.each<[string, (dir: TempDir, path: string) => void]>([
  ["nothing", () => {}],
  ["an empty directory", (_, path) => mkdirSync(path)],
  ["a pipe", (_, path) => Bun.spawnSync(["mkfifo", path])],
  ["a link to itself", (_, path) => symlinkSync(".git", path)],
  ["a link to nowhere", (_, path) => symlinkSync("nowhere", path)],
  ["an empty file", (dir) => writeFiles(dir.path, { "inner/.git": "" })],
  ["a file that names itself", (dir) => writeFiles(dir.path, { "inner/.git": "gitdir: .git" })],
  ["a file that names nothing", (dir) => writeFiles(dir.path, { "inner/.git": "gitdir: \n" })],
  ["a file that names no directory", (dir) => writeFiles(dir.path, { "inner/.git": "gitdir: ../gone" })],
  ["a large file", (dir) => writeFiles(dir.path, { "inner/.git": "x".repeat(1_000_000) })],
  ["a HEAD that is a pipe", (_, path) => Bun.spawnSync(["mkfifo", join(makeDir(path), "HEAD")])],
  ["a HEAD that is a directory", (_, path) => mkdirSync(join(makeDir(path), "HEAD"))],
])("a .git that is %s is ignored", (_, make) => {
  using dir = tempDir("git");
  writeFiles(dir.path, { ".git/HEAD": COMMIT, "inner/file": "" });
  make(dir, dir.join("inner/.git"));
  const path = dir.join(".git");
  expect(findGitDir(dir.join("inner"))).toEqual({ path, commonPath: path });
});

function makeDir(path: string): string {
  mkdirSync(path);
  return path;
}

test.each(["/\0", "/does/not/exist"])("%j is in no checkout", (cwd) => {
  expect(findGitDir(cwd)).toBeUndefined();
});
