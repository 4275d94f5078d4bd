import type { CiCase } from "./ci-case.ts";

const COMMON = { TF_BUILD: "True", SYSTEM_JOBDISPLAYNAME: "Build linux", BUILD_BUILDID: "314" };
const JOB = { job: "Build linux", run: "314", defaultBranch: "main" };

export const AZURE_CASES: readonly CiCase[] = [
  {
    name: "Azure: push",
    env: { ...COMMON, BUILD_SOURCEBRANCH: "refs/heads/feature/x", BUILD_SOURCEBRANCHNAME: "x" },
    scope: { ...JOB, branch: "feature/x", fallbackBranches: ["main"] },
  },
  {
    name: "Azure: pull request of a fork on GitHub with a head called main",
    env: {
      ...COMMON,
      BUILD_SOURCEBRANCH: "refs/pull/6/merge",
      SYSTEM_PULLREQUEST_PULLREQUESTID: "123456789",
      SYSTEM_PULLREQUEST_PULLREQUESTNUMBER: "6",
      SYSTEM_PULLREQUEST_SOURCEBRANCH: "main",
      SYSTEM_PULLREQUEST_TARGETBRANCH: "develop",
    },
    scope: { ...JOB, branch: "pr-6", fallbackBranches: ["develop"], defaultBranch: "develop" },
  },
  {
    name: "Azure: pull request in Azure's own repositories",
    env: {
      ...COMMON,
      BUILD_SOURCEBRANCH: "refs/pull/17/merge",
      SYSTEM_PULLREQUEST_PULLREQUESTID: "17",
      SYSTEM_PULLREQUEST_SOURCEBRANCH: "refs/heads/feature/x",
      SYSTEM_PULLREQUEST_TARGETBRANCH: "refs/heads/main",
    },
    scope: { ...JOB, branch: "pr-17", fallbackBranches: ["main"] },
  },
  {
    name: "Azure: tag",
    env: { ...COMMON, BUILD_SOURCEBRANCH: "refs/tags/v1" },
    scope: { ...JOB, branch: "v1", fallbackBranches: ["main"] },
  },
];
