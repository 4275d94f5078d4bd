import type { CiVariables } from "./ci-variables.ts";
import { withGithubEvent } from "./github-event.ts";
import { withJenkinsNames } from "./jenkins-job.ts";

/** The supported CIs, from their vendors' documentation. The first entry with a matching marker applies. */
export const CI_TABLE: readonly CiVariables[] = [
  {
    marker: "GITHUB_ACTIONS",
    job: [["GITHUB_WORKFLOW"], ["GITHUB_JOB"]],
    branch: ["GITHUB_REF_NAME", "GITHUB_REF"],
    pullRequest: ["GITHUB_REF"],
    base: ["GITHUB_BASE_REF"],
    run: [["GITHUB_RUN_ID"], ["GITHUB_RUN_ATTEMPT"]],
    refine: withGithubEvent,
  },
  {
    marker: "GITLAB_CI",
    job: [["CI_JOB_NAME"]],
    leg: ["CI_NODE_INDEX"],
    branch: ["CI_COMMIT_BRANCH", "CI_COMMIT_TAG"],
    pullRequest: ["CI_MERGE_REQUEST_IID"],
    base: ["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"],
    defaultBranch: ["CI_DEFAULT_BRANCH"],
    run: [["CI_PIPELINE_ID"]],
  },
  {
    marker: "BUILDKITE",
    job: [["BUILDKITE_PIPELINE_SLUG"], ["BUILDKITE_STEP_KEY", "BUILDKITE_LABEL"]],
    leg: ["BUILDKITE_PARALLEL_JOB"],
    branch: ["BUILDKITE_BRANCH", "BUILDKITE_TAG"],
    pullRequest: ["BUILDKITE_PULL_REQUEST"],
    base: ["BUILDKITE_PULL_REQUEST_BASE_BRANCH"],
    defaultBranch: ["BUILDKITE_PIPELINE_DEFAULT_BRANCH"],
    run: [["BUILDKITE_BUILD_ID"]],
  },
  {
    marker: "CIRCLECI",
    job: [["CIRCLE_JOB"]],
    leg: ["CIRCLE_NODE_INDEX"],
    branch: ["CIRCLE_BRANCH", "CIRCLE_TAG"],
    pullRequest: ["CIRCLE_PULL_REQUEST", "CIRCLE_PR_NUMBER"],
    run: [["CIRCLE_WORKFLOW_ID"]],
  },
  {
    marker: "JENKINS_URL",
    job: [["JOB_NAME"]],
    branch: ["BRANCH_NAME"],
    pullRequest: ["CHANGE_ID"],
    base: ["CHANGE_TARGET"],
    run: [["BUILD_TAG"]],
    refine: withJenkinsNames,
  },
  {
    marker: "TF_BUILD",
    job: [["SYSTEM_JOBDISPLAYNAME"]],
    branch: ["BUILD_SOURCEBRANCH"],
    // A pull request in Azure's own repositories has an id only.
    pullRequest: ["SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_PULLREQUESTID"],
    base: ["SYSTEM_PULLREQUEST_TARGETBRANCH"],
    run: [["BUILD_BUILDID"]],
  },
  {
    marker: "BITBUCKET_BUILD_NUMBER",
    job: [],
    leg: ["BITBUCKET_PARALLEL_STEP"],
    branch: ["BITBUCKET_BRANCH", "BITBUCKET_TAG"],
    pullRequest: ["BITBUCKET_PR_ID"],
    base: ["BITBUCKET_PR_DESTINATION_BRANCH"],
    run: [["BITBUCKET_PIPELINE_UUID"]],
  },
  {
    marker: "TEAMCITY_VERSION",
    job: [["TEAMCITY_BUILDCONF_NAME"]],
    branch: [],
    run: [["BUILD_NUMBER"]],
  },
  {
    // Before Drone: Woodpecker can set Drone's variables, too.
    marker: "CI",
    markerValue: "woodpecker",
    job: [["CI_WORKFLOW_NAME"]],
    branch: ["CI_COMMIT_BRANCH", "CI_COMMIT_TAG"],
    pullRequest: ["CI_COMMIT_PULL_REQUEST"],
    base: ["CI_COMMIT_TARGET_BRANCH"],
    defaultBranch: ["CI_REPO_DEFAULT_BRANCH"],
    run: [["CI_PIPELINE_NUMBER"]],
  },
  {
    marker: "DRONE",
    job: [["DRONE_STAGE_NAME"]],
    branch: ["DRONE_BRANCH", "DRONE_TAG"],
    pullRequest: ["DRONE_PULL_REQUEST"],
    base: ["DRONE_TARGET_BRANCH"],
    defaultBranch: ["DRONE_REPO_BRANCH"],
    run: [["DRONE_BUILD_NUMBER"]],
  },
];
