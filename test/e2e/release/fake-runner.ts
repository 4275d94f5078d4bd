/** Runs an action's script and a job's steps as a runner of GitHub does: in order, with its files for variables and paths. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_DIR } from "../../support/binary.ts";
import { type Outcome, plainEnv, run } from "../../support/process.ts";

/** GitHub's context of the job. */
export const JOB_ENV = {
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_WORKFLOW: "test",
  GITHUB_JOB: "test",
  GITHUB_REF: "refs/heads/main",
  GITHUB_REF_NAME: "main",
};

const FILES = ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"] as const;

interface Action {
  inputs: Record<string, { default: string }>;
  runs: { using: string; main: string; post: string };
}

/** A script to run at the end of the job, with the state that the action has saved. */
interface Post {
  script: string;
  state: Record<string, string>;
}

/** The state that the steps of a job share. */
export class FakeRunner {
  readonly env: Record<string, string>;
  readonly #dir: string;
  readonly #checkout: string;
  readonly #posts: Post[] = [];

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

  /** Runs the action `name` with inputs, as it is at the tag `ref`. */
  async uses(name: string, given: Record<string, string>, ref = ""): Promise<Outcome> {
    const folder = join(PROJECT_DIR, ".github/actions", name);
    const { inputs, runs } = Bun.YAML.parse(readFileSync(join(folder, "action.yml"), "utf8")) as Action;
    const values = Object.entries(inputs).map(([input, { default: value }]) => [
      `INPUT_${input.toUpperCase()}`,
      given[input] ?? value,
    ]);
    const env = { ...Object.fromEntries(values), GITHUB_ACTION_REF: ref };
    const { outcome, state } = await this.#step(["node", join(folder, runs.main)], env);
    this.#posts.push({ script: join(folder, runs.post), state });
    return outcome;
  }

  /** A step of the job itself. */
  async run(script: string): Promise<Outcome> {
    const argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script];
    return (await this.#step(argv, {})).outcome;
  }

  /** What runs at the end, also after a failure: the last action first. */
  async end(): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const { script, state } of this.#posts.splice(0).reverse()) {
      const env = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
      outcomes.push((await this.#step(["node", script], env)).outcome);
    }
    return outcomes;
  }

  /** Empty if nothing was added to it. */
  get summary(): string {
    return readFileSync(join(this.#dir, "GITHUB_STEP_SUMMARY"), { encoding: "utf8", flag: "a+" });
  }

  async #step(
    argv: string[],
    stepEnv: Record<string, string>,
  ): Promise<{ outcome: Outcome; state: Record<string, string> }> {
    const files = Object.fromEntries(FILES.map((name) => [name, join(this.#dir, name)]));
    for (const name of FILES.slice(0, 3)) writeFileSync(files[name] ?? "", "");
    const outcome = await run(argv, { cwd: this.#checkout, env: { ...this.env, ...files, ...stepEnv } });
    Object.assign(this.env, variablesIn(files.GITHUB_ENV));
    for (const path of linesOf(files.GITHUB_PATH)) this.env.PATH = `${path}:${this.env.PATH}`;
    return { outcome, state: variablesIn(files.GITHUB_STATE) };
  }
}

function variablesIn(path: string | undefined): Record<string, string> {
  const entries = linesOf(path).map((line) => {
    const end = line.indexOf("=");
    return [line.slice(0, end), line.slice(end + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function linesOf(path: string | undefined): string[] {
  return readFileSync(path ?? "", "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
