import type { CiCase } from "./ci-case.ts";

const COMMON = {
  CI: "true",
  BUILDKITE: "true",
  BUILDKITE_PIPELINE_SLUG: "app",
  BUILDKITE_STEP_KEY: "unit",
  BUILDKITE_LABEL: ":go: Unit",
  BUILDKITE_BUILD_ID: "0190-aa",
  BUILDKITE_BRANCH: "main",
  BUILDKITE_TAG: "",
  BUILDKITE_PULL_REQUEST: "false",
  BUILDKITE_PULL_REQUEST_BASE_BRANCH: "",
  BUILDKITE_PIPELINE_DEFAULT_BRANCH: "main",
};
const JOB = { job: "app/unit", run: "0190-aa", defaultBranch: "main" };

export const BUILDKITE_CASES: readonly CiCase[] = [
  {
    name: "Buildkite: push to the default branch",
    env: COMMON,
    scope: { ...JOB, branch: "main", fallbackBranches: [] },
  },
  {
    name: "Buildkite: step without a key, leg of a parallel job",
    env: { ...COMMON, BUILDKITE_STEP_KEY: "", BUILDKITE_PARALLEL_JOB: "0" },
    scope: { ...JOB, job: "app/:go: Unit/0", branch: "main", fallbackBranches: [] },
  },
  {
    name: "Buildkite: step without key and label",
    env: { ...COMMON, BUILDKITE_STEP_KEY: "", BUILDKITE_LABEL: "" },
    scope: { ...JOB, job: "app", branch: "main", fallbackBranches: [] },
  },
  {
    name: "Buildkite: pull request of a fork with a head called main",
    env: { ...COMMON, BUILDKITE_PULL_REQUEST: "41", BUILDKITE_PULL_REQUEST_BASE_BRANCH: "develop" },
    scope: { ...JOB, branch: "pr-41", fallbackBranches: ["develop", "main"] },
  },
  {
    name: "Buildkite: pull request with a head named like a merge queue's entry",
    env: { ...COMMON, BUILDKITE_BRANCH: "gh-readonly-queue/main/pr-1-0a", BUILDKITE_PULL_REQUEST: "42" },
    scope: { ...JOB, branch: "pr-42", fallbackBranches: ["main"] },
  },
  {
    name: "Buildkite: GitHub's merge queue",
    env: { ...COMMON, BUILDKITE_BRANCH: "gh-readonly-queue/main/pr-41-0a1b" },
    scope: { ...JOB, branch: "queue-main", fallbackBranches: ["main"] },
  },
  {
    name: "Buildkite: tag",
    env: { ...COMMON, BUILDKITE_BRANCH: "v1.0.0", BUILDKITE_TAG: "v1.0.0" },
    scope: { ...JOB, branch: "v1.0.0", fallbackBranches: ["main"] },
  },
];
