/** Runs a composite action's steps as a runner of GitHub does: in order, with its files for variables and paths. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_DIR } from "../../support/binary.ts";
import { type Outcome, plainEnv, run } from "../../support/process.ts";

export interface ActionStep {
  name: string;
  if?: string;
  shell: string;
  env?: Record<string, string>;
  run: string;
}

/** GitHub's context of the job. */
export const JOB_ENV = {
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_WORKFLOW: "test",
  GITHUB_JOB: "test",
  GITHUB_REF: "refs/heads/main",
  GITHUB_REF_NAME: "main",
};

/** The state that the steps of a job share. */
export class FakeRunner {
  readonly env: Record<string, string>;
  readonly #dir: string;
  readonly #checkout: string;

  constructor(dir: string, checkout: string, env: Record<string, string>) {
    this.#dir = dir;
    this.#checkout = checkout;
    mkdirSync(join(dir, "temp"), { recursive: true });
    this.env = {
      ...plainEnv(env),
      ...JOB_ENV,
      RUNNER_OS: "Linux",
      RUNNER_TEMP: join(dir, "temp"),
      RUNNER_TOOL_CACHE: join(dir, "tools"),
    };
  }

  /** Runs the action `name` with inputs, as it is at the tag `ref`; stops at a step that fails. */
  async uses(name: string, given: Record<string, string>, ref = ""): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const inputs = { ...defaultInputs(name), ...given };
    for (const step of actionSteps(name)) {
      if (!isWanted(step.if, inputs)) continue;
      const context = { inputs, name, ref };
      const env = Object.entries(step.env ?? {}).map(([key, value]) => [key, expression(value, context)]);
      outcomes.push(await this.run(step.run, Object.fromEntries(env)));
      if (outcomes.at(-1)?.exitCode !== 0) break;
    }
    return outcomes;
  }

  /** A step of the job itself. */
  async run(script: string, stepEnv: Record<string, string> = {}): Promise<Outcome> {
    const files = Object.fromEntries(
      ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"].map((name) => [name, join(this.#dir, name)]),
    );
    for (const name of ["GITHUB_ENV", "GITHUB_PATH"]) writeFileSync(files[name] ?? "", "");
    const argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script];
    const outcome = await run(argv, { cwd: this.#checkout, env: { ...this.env, ...files, ...stepEnv } });
    for (const line of linesOf(files.GITHUB_ENV)) {
      this.env[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    }
    for (const path of linesOf(files.GITHUB_PATH)) this.env.PATH = `${path}:${this.env.PATH}`;
    return outcome;
  }

  get summary(): string {
    return readFileSync(join(this.#dir, "GITHUB_STEP_SUMMARY"), "utf8");
  }
}

/** The steps that bash or PowerShell runs, in order. */
export function actionSteps(name: string): ActionStep[] {
  return readAction(name).runs.steps;
}

function defaultInputs(name: string): Record<string, string> {
  const inputs = Object.entries(readAction(name).inputs ?? {});
  return Object.fromEntries(inputs.map(([input, { default: value }]) => [input, value]));
}

interface Action {
  inputs?: Record<string, { default: string }>;
  runs: { steps: ActionStep[] };
}

function readAction(name: string): Action {
  return Bun.YAML.parse(
    readFileSync(join(PROJECT_DIR, `.github/actions/${name}/action.yml`), "utf8"),
  ) as Action;
}

/** Evaluates the few conditions in the actions. */
function isWanted(condition: string | undefined, inputs: Record<string, string>): boolean {
  const [, context = "", name = "", operator, value] =
    /^(runner|inputs)\.(\w+) (==|!=) '(\w+)'$/.exec(condition ?? "") ?? [];
  if (condition === undefined) return true;
  if (operator === undefined) throw new Error(`this test does not support the condition: ${condition}`);
  const actual = context === "runner" ? "Linux" : inputs[name];
  return (actual === value) === (operator === "==");
}

function expression(
  text: string,
  { inputs, name, ref }: { inputs: Record<string, string>; name: string; ref: string },
): string {
  return text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, inner: string) => {
    for (const term of inner.split(" || ")) {
      const input = /^inputs\.(\w+)$/.exec(term)?.[1];
      if (input !== undefined && inputs[input]) return inputs[input];
      if (term === "github.action_ref") return ref;
      if (term === "github.action_path") return join(PROJECT_DIR, ".github/actions", name);
    }
    return "";
  });
}

function linesOf(path: string | undefined): string[] {
  return readFileSync(path ?? "", "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
