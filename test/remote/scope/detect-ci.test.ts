import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { detectCi } from "../../../src/remote/scope/detect-ci.ts";
import { detectScope } from "../../../src/remote/scope/scope.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { AZURE_CASES } from "./azure-cases.ts";
import { BITBUCKET_CASES } from "./bitbucket-cases.ts";
import { BUILDKITE_CASES } from "./buildkite-cases.ts";
import { CIRCLECI_CASES } from "./circleci-cases.ts";
import { DRONE_CASES } from "./drone-cases.ts";
import { GITHUB_CASES } from "./github-cases.ts";
import { GITLAB_CASES } from "./gitlab-cases.ts";
import { JENKINS_CASES } from "./jenkins-cases.ts";
import { TEAMCITY_CASES } from "./teamcity-cases.ts";

const CASES = [
  ...GITHUB_CASES,
  ...GITLAB_CASES,
  ...BUILDKITE_CASES,
  ...CIRCLECI_CASES,
  ...JENKINS_CASES,
  ...AZURE_CASES,
  ...BITBUCKET_CASES,
  ...TEAMCITY_CASES,
  ...DRONE_CASES,
];

test.each(CASES.map((each) => [each.name, each] as const))("%s", (_, { env, event, scope }) => {
  using dir = tempDir("ci");
  const eventPath = dir.join("event.json");
  if (event !== undefined) writeFileSync(eventPath, JSON.stringify(event));
  const { platform, project, ...found } = detectScope({
    env: { GITHUB_EVENT_PATH: eventPath, ...env },
    cwd: dir.path,
    project: undefined,
    job: undefined,
    nowMs: 0,
  });
  expect(found).toEqual(scope);
});

test.each([
  {},
  { CI: "true" },
  { CI: "" },
  { GITHUB_ACTIONS: "", GITLAB_CI: "", DRONE: undefined },
  { GITHUB_REF_NAME: "main", BRANCH_NAME: "main" },
])("%p is outside CI", (env) => {
  expect(detectCi(env)).toBeUndefined();
});

test("a CI that sets only its marker has an otherwise unknown run", () => {
  expect(detectCi({ GITLAB_CI: "true", CI_COMMIT_BRANCH: "", CI_JOB_NAME: "" })).toEqual({
    job: "job",
    branch: undefined,
    pullRequest: undefined,
    base: undefined,
    queueBase: undefined,
    defaultBranch: undefined,
    run: undefined,
  });
});

test.each(["false", "", "0x1", "12a", "main", "refs/heads/12", "pull/12", "$(System.PullRequest.Id)"])(
  "%p is not a pull request",
  (value) => {
    expect(detectCi({ BUILDKITE: "true", BUILDKITE_PULL_REQUEST: value })?.pullRequest).toBeUndefined();
  },
);
