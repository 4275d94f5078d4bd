import type { CiCase } from "./ci-case.ts";

const COMMON = { JENKINS_URL: "https://ci.example.com/", BUILD_TAG: "jenkins-app-main-8" };
const JOB = { job: "folder/app", run: "jenkins-app-main-8", defaultBranch: "main" };

export const JENKINS_CASES: readonly CiCase[] = [
  {
    name: "Jenkins: multibranch project",
    env: { ...COMMON, JOB_NAME: "folder/app/feature%2Fx", BRANCH_NAME: "feature/x" },
    scope: { ...JOB, branch: "feature/x", fallbackBranches: ["main"] },
  },
  {
    name: "Jenkins: pull request of a fork with a head called main",
    env: {
      ...COMMON,
      JOB_NAME: "folder/app/PR-9",
      BRANCH_NAME: "PR-9",
      CHANGE_ID: "9",
      CHANGE_BRANCH: "main",
      CHANGE_TARGET: "release/1",
    },
    scope: { ...JOB, branch: "pr-9", fallbackBranches: ["release/1"], defaultBranch: "release/1" },
  },
  {
    name: "Jenkins: tag",
    env: { ...COMMON, JOB_NAME: "folder/app/v1", BRANCH_NAME: "v1", TAG_NAME: "v1" },
    scope: { ...JOB, branch: "v1", fallbackBranches: ["main"] },
  },
  {
    name: "Jenkins: plain job, branch from the git plugin",
    env: { ...COMMON, JOB_NAME: "folder/app", GIT_BRANCH: "origin/master" },
    scope: { ...JOB, branch: "master", fallbackBranches: [], defaultBranch: "master" },
  },
  {
    name: "Jenkins: leg of a matrix",
    env: { ...COMMON, JOB_NAME: "folder/app/OS=linux,GO=1.26", GIT_BRANCH: "main" },
    scope: { ...JOB, job: "folder/app/OS=linux,GO=1.26", branch: "main", fallbackBranches: [] },
  },
  {
    name: "Jenkins: job name that is no percent-encoding",
    env: { ...COMMON, JOB_NAME: "app/100%", BRANCH_NAME: "main" },
    scope: { ...JOB, job: "app/100%", branch: "main", fallbackBranches: [] },
  },
];
