import type { CiRun } from "./ci-run.ts";
import { readFileStart } from "./read-file-start.ts";

/**
 * The used parts of the event that started a workflow
 * (https://docs.github.com/en/webhooks/webhook-events-and-payloads).
 */
interface GithubEvent {
  repository?: { default_branch?: unknown };
  pull_request?: { number?: unknown; base?: { ref?: unknown } };
  merge_group?: { base_ref?: unknown };
}

const MAX_EVENT_BYTES = 4 * 1024 * 1024;

/**
 * Adds data that GitHub provides only in the file GITHUB_EVENT_PATH: the default branch, the base of a merge queue, and
 * the number of a pull request if GITHUB_REF is its base (`pull_request_target`). Such a run never counts as a run of
 * the base branch, even if the file can't be read.
 */
export function withGithubEvent(run: CiRun, env: Record<string, string | undefined>): CiRun {
  const event = readEvent(env.GITHUB_EVENT_PATH);
  const target = env.GITHUB_EVENT_NAME === "pull_request_target";
  const queueBase = text(event.merge_group?.base_ref)?.replace(/^refs\/heads\//, "");
  return {
    ...run,
    pullRequest: run.pullRequest ?? (target ? numberText(event.pull_request?.number) : undefined),
    base: run.base ?? text(event.pull_request?.base?.ref),
    queueBase: (env.GITHUB_EVENT_NAME === "merge_group" && queueBase) || undefined,
    defaultBranch: run.defaultBranch ?? text(event.repository?.default_branch),
  };
}

function readEvent(path: string | undefined): GithubEvent {
  try {
    const event: unknown = JSON.parse((path && readFileStart(path, MAX_EVENT_BYTES)) || "{}");
    return typeof event === "object" && event !== null ? event : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function numberText(value: unknown): string {
  return Number.isSafeInteger(value) ? String(value) : "unknown";
}
