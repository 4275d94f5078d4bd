import type { CiCase } from "./ci-case.ts";

const COMMON = {
  CI: "true",
  GITLAB_CI: "true",
  CI_JOB_NAME: "unit tests",
  CI_PIPELINE_ID: "77",
  CI_DEFAULT_BRANCH: "master",
};
const MERGE_REQUEST = {
  ...COMMON,
  CI_PIPELINE_SOURCE: "merge_request_event",
  CI_COMMIT_REF_NAME: "main",
  CI_MERGE_REQUEST_IID: "5",
  CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "main",
  CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "develop",
};
const JOB = { job: "unit tests", run: "77", defaultBranch: "master" };

export const GITLAB_CASES: readonly CiCase[] = [
  {
    name: "GitLab: push to the default branch",
    env: { ...COMMON, CI_COMMIT_BRANCH: "master", CI_COMMIT_REF_NAME: "master" },
    scope: { ...JOB, branch: "master", fallbackBranches: [] },
  },
  {
    name: "GitLab: push to a branch with an open merge request",
    env: { ...COMMON, CI_COMMIT_BRANCH: "feature/x", CI_OPEN_MERGE_REQUESTS: "group/project!5" },
    scope: { ...JOB, branch: "feature/x", fallbackBranches: ["master"] },
  },
  {
    name: "GitLab: tag",
    env: { ...COMMON, CI_COMMIT_TAG: "v1", CI_COMMIT_REF_NAME: "v1" },
    scope: { ...JOB, branch: "v1", fallbackBranches: ["master"] },
  },
  {
    name: "GitLab: merge request of a fork with a head called main",
    env: MERGE_REQUEST,
    scope: { ...JOB, branch: "pr-5", fallbackBranches: ["develop", "master"] },
  },
  {
    name: "GitLab: merge train",
    env: { ...MERGE_REQUEST, CI_MERGE_REQUEST_EVENT_TYPE: "merge_train" },
    scope: { ...JOB, branch: "pr-5", fallbackBranches: ["develop", "master"] },
  },
  {
    name: "GitLab: leg of a parallel job",
    env: {
      ...COMMON,
      CI_COMMIT_BRANCH: "x",
      CI_JOB_NAME: "unit 2/3",
      CI_NODE_INDEX: "2",
      CI_NODE_TOTAL: "3",
    },
    scope: { ...JOB, job: "unit 2/3/2", branch: "x", fallbackBranches: ["master"] },
  },
  {
    name: "GitLab: leg of a matrix",
    env: { ...COMMON, CI_COMMIT_BRANCH: "x", CI_JOB_NAME: "unit: [linux, 1.26]" },
    scope: { ...JOB, job: "unit: [linux, 1.26]", branch: "x", fallbackBranches: ["master"] },
  },
];
