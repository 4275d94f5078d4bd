/** Runs the steps of a job of GitHub Actions, with stand-ins for other people's actions. */
import { repository } from "../../../package.json" with { type: "json" };
import type { Outcome } from "../../support/process.ts";
import type { FakeRunner } from "./fake-runner.ts";

export interface GithubJob {
  env: Record<string, string>;
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

/** The outcome of a step; a failure ends the job, but for what actions do at its end. */
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
    const outcome = run === undefined ? await use(uses, inputs, runner, others) : await runner.run(run);
    const elapsedMs = performance.now() - startedMs;
    steps.push({ command: run ?? `uses: ${uses}`, elapsedMs, ...outcome });
    if (outcome.exitCode !== 0) break;
  }
  const startedMs = performance.now();
  const ends = await runner.end();
  const elapsedMs = performance.now() - startedMs;
  return [...steps, ...ends.map((outcome) => ({ command: "the end of the action", elapsedMs, ...outcome }))];
}

async function use(
  uses: string,
  inputs: Record<string, string>,
  runner: FakeRunner,
  others: Record<string, StandIn>,
): Promise<Outcome> {
  const [, own, ref] = OWN.exec(uses) ?? [];
  if (own !== undefined) return await runner.uses(own, inputs, ref);
  const standIn = others[uses.split("@")[0] ?? ""];
  if (standIn === undefined) throw new Error(`there is no stand-in for ${uses}`);
  await standIn(inputs);
  return { stdout: "", stderr: "", exitCode: 0 };
}
