import type { CiCase } from "./ci-case.ts";

const COMMON = { CI: "true", BITBUCKET_BUILD_NUMBER: "3", BITBUCKET_PIPELINE_UUID: "{6a2f}" };
const JOB = { job: "job", run: "{6a2f}", defaultBranch: "main" };

export const BITBUCKET_CASES: readonly CiCase[] = [
  {
    name: "Bitbucket: push",
    env: { ...COMMON, BITBUCKET_BRANCH: "feature/x" },
    scope: { ...JOB, branch: "feature/x", fallbackBranches: ["main"] },
  },
  {
    name: "Bitbucket: pull request of a fork with a head called main",
    env: {
      ...COMMON,
      BITBUCKET_BRANCH: "main",
      BITBUCKET_PR_ID: "20",
      BITBUCKET_PR_DESTINATION_BRANCH: "develop",
    },
    scope: { ...JOB, branch: "pr-20", fallbackBranches: ["develop"], defaultBranch: "develop" },
  },
  {
    name: "Bitbucket: tag, parallel step",
    env: { ...COMMON, BITBUCKET_TAG: "v3", BITBUCKET_PARALLEL_STEP: "1" },
    scope: { ...JOB, job: "job/1", branch: "v3", fallbackBranches: ["main"] },
  },
];
