/** The variables of a step in GitHub's CI, and commands of the program as a step. */
import { binaryPath } from "../../support/binary.ts";
import { type GoMachine, goEnv } from "../../support/go-toolchain.ts";
import { type Outcome, run } from "../../support/process.ts";

/** A push of `branch`. Without the event's file, the default branch is unknown. */
export function githubPush(branch: string, runId: number, job = "build"): Record<string, string> {
  return {
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_WORKFLOW: "ci",
    GITHUB_JOB: job,
    GITHUB_RUN_ID: String(runId),
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_EVENT_NAME: "push",
    GITHUB_REF: `refs/heads/${branch}`,
    GITHUB_REF_NAME: branch,
  };
}

/** Runs a command of the program on a machine. Expects an empty stderr. */
export async function runStep(machine: GoMachine, args: string[], cwd: string): Promise<string> {
  const { GOCACHEPROG: _, ...env } = await goEnv(machine);
  const outcome: Outcome = await run([binaryPath(), ...args], { cwd, env });
  if (outcome.exitCode !== 0 || outcome.stderr !== "") throw new Error(JSON.stringify(outcome));
  return outcome.stdout;
}
