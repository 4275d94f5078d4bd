import type { CiCase } from "./ci-case.ts";

const DRONE = {
  CI: "true",
  DRONE: "true",
  DRONE_STAGE_NAME: "test",
  DRONE_BUILD_NUMBER: "55",
  DRONE_REPO_BRANCH: "master",
  DRONE_SOURCE_BRANCH: "main",
};
const WOODPECKER = {
  CI: "woodpecker",
  CI_WORKFLOW_NAME: "test",
  CI_PIPELINE_NUMBER: "55",
  CI_REPO_DEFAULT_BRANCH: "master",
};
const JOB = { job: "test", run: "55", defaultBranch: "master" };

/** Drone and its fork Woodpecker. */
export const DRONE_CASES: readonly CiCase[] = [
  {
    name: "Drone: push",
    env: { ...DRONE, DRONE_BRANCH: "main", DRONE_TARGET_BRANCH: "main" },
    scope: { ...JOB, branch: "main", fallbackBranches: ["master"] },
  },
  {
    name: "Drone: pull request of a fork with a head called main",
    env: { ...DRONE, DRONE_BRANCH: "develop", DRONE_TARGET_BRANCH: "develop", DRONE_PULL_REQUEST: "7" },
    scope: { ...JOB, branch: "pr-7", fallbackBranches: ["develop", "master"] },
  },
  {
    name: "Drone: tag",
    env: { ...DRONE, DRONE_BRANCH: "", DRONE_TAG: "v1" },
    scope: { ...JOB, branch: "v1", fallbackBranches: ["master"] },
  },
  {
    name: "Woodpecker: push",
    env: { ...WOODPECKER, CI_COMMIT_BRANCH: "feature/x" },
    scope: { ...JOB, branch: "feature/x", fallbackBranches: ["master"] },
  },
  {
    name: "Woodpecker with Drone's variables: pull request of a fork with a head called main",
    env: {
      ...DRONE,
      ...WOODPECKER,
      DRONE_BUILD_NUMBER: "1",
      CI_COMMIT_BRANCH: "develop",
      CI_COMMIT_SOURCE_BRANCH: "main",
      CI_COMMIT_TARGET_BRANCH: "develop",
      CI_COMMIT_PULL_REQUEST: "7",
    },
    scope: { ...JOB, branch: "pr-7", fallbackBranches: ["develop", "master"] },
  },
  {
    name: "Woodpecker: tag",
    env: { ...WOODPECKER, CI_COMMIT_BRANCH: "refs/tags/v1", CI_COMMIT_TAG: "v1" },
    scope: { ...JOB, branch: "v1", fallbackBranches: ["master"] },
  },
];
