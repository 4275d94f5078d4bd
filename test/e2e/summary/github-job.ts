/** What GitHub's CI sets for a step, and the program run as a step that go does not start. */
import { binaryPath } from "../../support/binary.ts";
import { type GoMachine, goEnv } from "../../support/go-toolchain.ts";
import { type Outcome, run } from "../../support/process.ts";

/** A push of `branch`. Without the event's file nothing says what the default branch is. */
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

/** Runs a command of the program on a machine. It must say nothing on stderr. */
export async function runStep(machine: GoMachine, args: string[], cwd: string): Promise<string> {
  const { GOCACHEPROG: _, ...env } = await goEnv(machine);
  const outcome: Outcome = await run([binaryPath(), ...args], { cwd, env });
  if (outcome.exitCode !== 0 || outcome.stderr !== "") throw new Error(JSON.stringify(outcome));
  return outcome.stdout;
}
