import type { CiCase } from "./ci-case.ts";

const COMMON = {
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_WORKFLOW: "CI",
  GITHUB_JOB: "test",
  GITHUB_RUN_ID: "9001",
  GITHUB_RUN_ATTEMPT: "2",
  GITHUB_HEAD_REF: "",
  GITHUB_BASE_REF: "",
};
const FORK_PULL_REQUEST = {
  ...COMMON,
  GITHUB_EVENT_NAME: "pull_request",
  GITHUB_REF: "refs/pull/12/merge",
  GITHUB_REF_NAME: "12/merge",
  GITHUB_HEAD_REF: "main",
  GITHUB_BASE_REF: "release/1",
};
const TARGET = {
  ...FORK_PULL_REQUEST,
  GITHUB_EVENT_NAME: "pull_request_target",
  GITHUB_REF: "refs/heads/release/1",
  GITHUB_REF_NAME: "release/1",
};
const REPOSITORY = { default_branch: "trunk" };
const JOB = { job: "CI/test", run: "9001-2" };

function push(ref: string, refName: string, eventName = "push"): CiCase["env"] {
  return { ...COMMON, GITHUB_EVENT_NAME: eventName, GITHUB_REF: ref, GITHUB_REF_NAME: refName };
}

const QUEUE = push(
  "refs/heads/gh-readonly-queue/release/1/pr-12-0a1b",
  "gh-readonly-queue/release/1/pr-12-0a1b",
  "merge_group",
);

export const GITHUB_CASES: readonly CiCase[] = [
  {
    name: "GitHub: push to the default branch",
    env: push("refs/heads/trunk", "trunk"),
    event: { repository: REPOSITORY },
    scope: { ...JOB, branch: "trunk", fallbackBranches: [], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: push to a branch that ends in a number",
    env: push("refs/heads/release/12", "release/12"),
    event: { repository: REPOSITORY },
    scope: { ...JOB, branch: "release/12", fallbackBranches: ["trunk"], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: only GITHUB_REF, and no event file",
    env: { GITHUB_ACTIONS: "true", GITHUB_REF: "refs/heads/feature/x", GITHUB_RUN_ID: "7" },
    scope: { job: "job", run: "7", branch: "feature/x", fallbackBranches: ["main"], defaultBranch: "main" },
  },
  {
    name: "GitHub: tag",
    env: push("refs/tags/v1.2.3", "v1.2.3"),
    event: { repository: REPOSITORY },
    scope: { ...JOB, branch: "v1.2.3", fallbackBranches: ["trunk"], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: schedule",
    env: push("refs/heads/trunk", "trunk", "schedule"),
    event: { schedule: "0 0 * * *", repository: REPOSITORY },
    scope: { ...JOB, branch: "trunk", fallbackBranches: [], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: pull request of a fork with a head called main",
    env: FORK_PULL_REQUEST,
    event: { pull_request: { number: 12, base: { ref: "release/1" } }, repository: REPOSITORY },
    scope: { ...JOB, branch: "pr-12", fallbackBranches: ["release/1", "trunk"], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: pull request to the default branch",
    env: { ...FORK_PULL_REQUEST, GITHUB_BASE_REF: "trunk" },
    event: { repository: REPOSITORY },
    scope: { ...JOB, branch: "pr-12", fallbackBranches: ["trunk"], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: pull request without an event file",
    env: FORK_PULL_REQUEST,
    scope: { ...JOB, branch: "pr-12", fallbackBranches: ["release/1"], defaultBranch: "release/1" },
  },
  {
    name: "GitHub: review of a pull request, with its base only in the event",
    env: { ...FORK_PULL_REQUEST, GITHUB_EVENT_NAME: "pull_request_review", GITHUB_BASE_REF: "" },
    event: { pull_request: { number: 12, base: { ref: "release/1" } }, repository: REPOSITORY },
    scope: { ...JOB, branch: "pr-12", fallbackBranches: ["release/1", "trunk"], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: pull_request_target, which runs on the base",
    env: TARGET,
    event: { pull_request: { number: 12 }, repository: REPOSITORY },
    scope: { ...JOB, branch: "pr-12", fallbackBranches: ["release/1", "trunk"], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: pull_request_target with an unreadable event is not one of the base",
    env: TARGET,
    event: "not what GitHub writes",
    scope: { ...JOB, branch: "pr-unknown", fallbackBranches: ["release/1"], defaultBranch: "release/1" },
  },
  {
    name: "GitHub: a merged pull request's event runs on the base",
    env: { ...TARGET, GITHUB_EVENT_NAME: "pull_request" },
    event: { pull_request: { number: 12 }, repository: REPOSITORY },
    scope: { ...JOB, branch: "release/1", fallbackBranches: ["trunk"], defaultBranch: "trunk" },
  },
  {
    name: "GitHub: merge queue",
    env: QUEUE,
    event: { merge_group: { base_ref: "refs/heads/release/1" }, repository: REPOSITORY },
    scope: {
      ...JOB,
      branch: "queue-release/1",
      fallbackBranches: ["release/1", "trunk"],
      defaultBranch: "trunk",
    },
  },
  {
    name: "GitHub: merge queue without an event file",
    env: QUEUE,
    scope: {
      ...JOB,
      branch: "queue-release/1",
      fallbackBranches: ["release/1"],
      defaultBranch: "release/1",
    },
  },
  {
    name: "GitHub: merge queue with a branch of another form",
    env: push("refs/heads/queue/7", "queue/7", "merge_group"),
    event: { merge_group: { base_ref: "refs/heads/trunk" }, repository: REPOSITORY },
    scope: { ...JOB, branch: "queue-trunk", fallbackBranches: ["trunk"], defaultBranch: "trunk" },
  },
];
