import { expect, test } from "bun:test";
import { scopeOrigin } from "../../../src/remote/scope/scope-origin.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { writeFiles } from "./git-files.ts";

const NOTHING = { project: undefined, job: undefined };

test("no source", () => {
  using dir = tempDir("origin");
  expect(scopeOrigin({ env: {}, cwd: dir.path, ...NOTHING })).toEqual({
    project: "there is no go.mod in this directory or above",
    branch: "there is neither a known CI nor git",
    job: "no known CI",
  });
});

test("go's and git's files", () => {
  using dir = tempDir("origin");
  writeFiles(dir.path, {
    "go.mod": "module example.com/m\n",
    ".git/HEAD": "ref: refs/heads/main\n",
    "a/a.go": "",
  });
  expect(scopeOrigin({ env: {}, cwd: dir.join("a"), ...NOTHING })).toEqual({
    project: dir.join("go.mod"),
    branch: dir.join(".git"),
    job: "no known CI",
  });
});

test("a workspace's file takes precedence over the module's", () => {
  using dir = tempDir("origin");
  writeFiles(dir.path, { "go.work": "use ./a\n", "a/go.mod": "module example.com/a\n" });
  expect(scopeOrigin({ env: {}, cwd: dir.join("a"), ...NOTHING }).project).toBe(dir.join("go.work"));
});

test("the CI's variables and flags take precedence", () => {
  using dir = tempDir("origin");
  const ofCi = "the CI's variables (GITHUB_ACTIONS is set)";
  const env = { GITHUB_ACTIONS: "true" };
  expect(scopeOrigin({ env, cwd: dir.path, project: "p", job: undefined })).toEqual({
    project: "--project",
    branch: ofCi,
    job: ofCi,
  });
  expect(scopeOrigin({ env, cwd: dir.path, project: undefined, job: "j" }).job).toBe("--scope");
});
