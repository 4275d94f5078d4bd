import type { CiCase } from "./ci-case.ts";

const COMMON = {
  CI: "true",
  CIRCLECI: "true",
  CIRCLE_JOB: "build",
  CIRCLE_NODE_INDEX: "0",
  CIRCLE_NODE_TOTAL: "1",
  CIRCLE_WORKFLOW_ID: "w-1",
};
const JOB = { job: "build/0", run: "w-1", defaultBranch: "main" };

export const CIRCLECI_CASES: readonly CiCase[] = [
  {
    name: "CircleCI: push to main",
    env: { ...COMMON, CIRCLE_BRANCH: "main" },
    scope: { ...JOB, branch: "main", fallbackBranches: [] },
  },
  {
    name: "CircleCI: push to master, which then is the default branch",
    env: { ...COMMON, CIRCLE_BRANCH: "master" },
    scope: { ...JOB, branch: "master", fallbackBranches: [], defaultBranch: "master" },
  },
  {
    name: "CircleCI: leg of a parallel job",
    env: { ...COMMON, CIRCLE_BRANCH: "feature/x", CIRCLE_NODE_INDEX: "3", CIRCLE_NODE_TOTAL: "4" },
    scope: { ...JOB, job: "build/3", branch: "feature/x", fallbackBranches: ["main"] },
  },
  {
    name: "CircleCI: pull request",
    env: {
      ...COMMON,
      CIRCLE_BRANCH: "main",
      CIRCLE_PULL_REQUEST: "https://github.com/org/repository/pull/612",
    },
    scope: { ...JOB, branch: "pr-612", fallbackBranches: ["main"] },
  },
  {
    name: "CircleCI: pull request of a fork",
    env: { ...COMMON, CIRCLE_BRANCH: "pull/612", CIRCLE_PR_NUMBER: "612", CIRCLE_PULL_REQUEST: "" },
    scope: { ...JOB, branch: "pr-612", fallbackBranches: ["main"] },
  },
  {
    name: "CircleCI: tag",
    env: { ...COMMON, CIRCLE_TAG: "v2" },
    scope: { ...JOB, branch: "v2", fallbackBranches: ["main"] },
  },
];
