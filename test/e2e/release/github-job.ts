/** Runs the steps of a job of GitHub Actions, with stand-ins for other people's actions. */
import { repository } from "../../../package.json" with { type: "json" };
import type { Outcome } from "../../support/process.ts";
import type { FakeRunner } from "./composite-action.ts";

export interface GithubJob {
  env: Record<string, string>;
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

/** The outcome of a step; the job ends with the first failure. */
export interface GithubStep extends Outcome {
  command: string;
  elapsedMs: number;
}

/** The effect of another repository's action on the runner. */
type StandIn = (inputs: Record<string, string>) => Promise<void>;

const OWN = new RegExp(`^${repository.replace("github:", "")}/\\.github/actions/(\\w+)@(.+)$`);

export async function runGithubJob(
  job: GithubJob,
  runner: FakeRunner,
  others: Record<string, StandIn>,
): Promise<GithubStep[]> {
  Object.assign(runner.env, job.env);
  const steps: GithubStep[] = [];
  for (const { uses = "", run, with: given = {} } of job.steps) {
    const inputs = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
    const startedMs = performance.now();
    const outcomes = run === undefined ? await use(uses, inputs, runner, others) : [await runner.run(run)];
    const elapsedMs = performance.now() - startedMs;
    const step = { command: run ?? `uses: ${uses}`, elapsedMs, ...joined(outcomes) };
    steps.push(step);
    if (step.exitCode !== 0) break;
  }
  return steps;
}

async function use(
  uses: string,
  inputs: Record<string, string>,
  runner: FakeRunner,
  others: Record<string, StandIn>,
): Promise<Outcome[]> {
  const [, own, ref] = OWN.exec(uses) ?? [];
  if (own !== undefined) return await runner.uses(own, inputs, ref);
  const standIn = others[uses.split("@")[0] ?? ""];
  if (standIn === undefined) throw new Error(`there is no stand-in for ${uses}`);
  await standIn(inputs);
  return [];
}

function joined(outcomes: Outcome[]): Outcome {
  return {
    stdout: outcomes.map(({ stdout }) => stdout).join(""),
    stderr: outcomes.map(({ stderr }) => stderr).join(""),
    exitCode: outcomes.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0,
  };
}
