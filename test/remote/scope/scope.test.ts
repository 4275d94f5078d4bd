import { expect, test } from "bun:test";
import { detectScope, type Scope } from "../../../src/remote/scope/scope.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { COMMIT, writeFiles } from "./git-files.ts";

const GO = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.26.3" };
const NOW_MS = Date.UTC(2026, 0, 31, 23, 59, 59);

function detect(cwd: string, options: { env?: object; project?: string; job?: string } = {}): Scope {
  const { env, project, job } = options;
  return detectScope({ env: { ...GO, ...env }, cwd, project, job, nowMs: NOW_MS });
}

const CHECKOUT = {
  "go.mod": "module example.com/m\n",
  ".git/HEAD": "ref: refs/heads/feature/x\n",
  ".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/trunk\n",
  "cmd/main.go": "",
};

const LOCAL: Scope = {
  platform: "linux_amd64_go1.26.3",
  project: "example.com/m",
  branch: "feature/x",
  job: "local",
  run: "2026-01-31",
  fallbackBranches: ["trunk"],
  defaultBranch: "trunk",
};

test("outside CI, go and git provide everything", () => {
  using dir = tempDir("scope");
  writeFiles(dir.path, CHECKOUT);
  expect(detect(dir.join("cmd"))).toEqual(LOCAL);
});

test("the default branch doesn't fall back on itself", () => {
  using dir = tempDir("scope");
  writeFiles(dir.path, { ...CHECKOUT, ".git/HEAD": "ref: refs/heads/trunk\n" });
  expect(detect(dir.path)).toEqual({ ...LOCAL, branch: "trunk", fallbackBranches: [] });
});

test("without CI, go and git there still is a scope", () => {
  using dir = tempDir("scope");
  expect(detect(dir.path)).toEqual({
    ...LOCAL,
    project: "no-module",
    branch: "none",
    fallbackBranches: [],
    defaultBranch: undefined,
  });
});

test("a merge queue's branch is recognized anywhere", () => {
  using dir = tempDir("scope");
  writeFiles(dir.path, { ".git/HEAD": "ref: refs/heads/gh-readonly-queue/main/pr-3-0a1b\n" });
  expect(detect(dir.path)).toMatchObject({ branch: "queue-main", fallbackBranches: ["main"] });
});

test("options override project and job, in CI too", () => {
  using dir = tempDir("scope");
  writeFiles(dir.path, CHECKOUT);
  const given = { project: "p", job: "j" };
  expect(detect(dir.path, given)).toEqual({ ...LOCAL, ...given });
  const env = { CIRCLECI: "true", CIRCLE_JOB: "build", CIRCLE_NODE_INDEX: "1", CIRCLE_BRANCH: "b" };
  expect(detect(dir.path, { env, ...given })).toEqual({ ...LOCAL, ...given, branch: "b" });
});

test("an empty project or job does not override", () => {
  using dir = tempDir("scope");
  writeFiles(dir.path, CHECKOUT);
  expect(detect(dir.path, { project: "", job: "" })).toEqual(LOCAL);
});

test("in CI, git provides what the CI doesn't", () => {
  using dir = tempDir("scope");
  writeFiles(dir.path, CHECKOUT);
  const env = { TEAMCITY_VERSION: "2025.07", TEAMCITY_BUILDCONF_NAME: "Unit" };
  expect(detect(dir.path, { env })).toEqual({ ...LOCAL, job: "Unit" });
});

test("in CI the checkout's detached head doesn't matter", () => {
  using dir = tempDir("scope");
  writeFiles(dir.path, { ...CHECKOUT, ".git/HEAD": COMMIT });
  const env = { GITLAB_CI: "true", CI_COMMIT_BRANCH: "b", CI_JOB_NAME: "j", CI_PIPELINE_ID: "4" };
  expect(detect(dir.path, { env })).toEqual({ ...LOCAL, branch: "b", job: "j", run: "4" });
});
