/**
 * The recipes of README.md and docs/, unchanged: with a clean home, the variables of that CI, and several machines with an empty
 * disk. This machine stands in for the services that they name (github.com, AWS); see far-services.ts.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { codeBlock } from "../../docs/documents.ts";
import { type BareRoot, runInRoot } from "../../support/bare-root.ts";
import { binaryPath } from "../../support/binary.ts";
import { newContainer } from "../../support/container.ts";
import { commitAll } from "../../support/git.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, goRoot } from "../../support/go-toolchain.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { plainEnv, run, userEnv } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { FakeRunner, JOB_ENV } from "./fake-runner.ts";
import { type FarServices, fillBucket, ID_TOKEN, startFarServices } from "./far-services.ts";
import { type GithubJob, runGithubJob } from "./github-job.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** The outcome of a command. */
interface Step {
  command: string;
  stderr: string;
  stdout: string;
  exitCode: number;
  elapsedMs: number;
}

let far: FarServices;
let dir: TempDir;
let root: string;
const rows: string[][] = [];

beforeAll(async () => {
  far = await startFarServices();
  dir = tempDir("readme");
  root = await goRoot();
  chainModule(dir.join("origin"), { name: "readme", count: 3 });
  commitAll(dir.join("origin"));
  // Puts the standard library into the bucket; the project has another path there, and so other packages.
  const command = { cwd: dir.join("origin"), args: ["test", "./..."], job: JOB_ENV };
  await fillBucket(far, dir.join("before"), command);
});
afterAll(async () => {
  // Shows people the commands that set the program up.
  process.stdout.write(`\n${markdownTable(["where", "machine", "command", "seconds"], rows)}\n`);
  await far[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** Shows them, and returns the total of compiled packages. */
function judge(where: string, machine: string, steps: Step[]): number {
  for (const step of steps) {
    const lines = step.command.trim().split("\n");
    const command = lines.length === 1 ? lines[0] : `${lines[0]} …`;
    rows.push([where, machine, command ?? "", (step.elapsedMs / 1000).toFixed(1)]);
  }
  expect(steps.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  return steps.reduce((sum, step) => sum + countCompiles(step), 0);
}

/** Runs each line in one shell, which ends at the first failure. */
async function runLines(
  container: BareRoot,
  cwd: string,
  lines: string[],
  env: Record<string, string>,
): Promise<Step[]> {
  const script = lines
    .map((line) => `echo "@@ $(date +%s%N)"; echo "@@ $(date +%s%N)" >&2\n${line}\n`)
    .join("");
  const argv = ["bash", "-ec", `cd '${cwd}'\n${script}echo "@@ $(date +%s%N)"`];
  const outcome = await runInRoot(container, argv, env);
  const [, ...stdout] = outcome.stdout.split(/^@@ /m);
  const [, ...stderr] = outcome.stderr.split(/^@@ /m);
  const begun = stdout.map((part) => Number(part.slice(0, part.indexOf("\n"))) / 1e6);
  return stderr.map((part, i) => ({
    command: lines[i] ?? "",
    stdout: (stdout[i] ?? "").replace(/^.*\n/, ""),
    stderr: part.replace(/^.*\n/, ""),
    exitCode: i === stderr.length - 1 ? outcome.exitCode : 0,
    elapsedMs: (begun[i + 1] ?? Number.NaN) - (begun[i] ?? Number.NaN),
  }));
}

/** A container like that of the CI's runner, with the checkout at its usual path. */
function container(name: string, checkout: string): BareRoot {
  const path = dir.join(name);
  mkdirSync(join(path, checkout), { recursive: true });
  cpSync(dir.join("origin"), join(path, checkout), { recursive: true });
  const made = newContainer(path, root, [far.env.SSL_CERT_FILE ?? ""]);
  // go prints the packages that it compiles.
  return { ...made, env: { ...made.env, ...far.env, GOFLAGS: "-x" } };
}

test("Try it, without S3: a machine with an empty cache compiles nothing", async () => {
  const lines = codeBlock("README.md", "## Try it in two minutes, without S3", "sh").trim().split("\n");
  const machine = container("trial", "root/project");
  const steps = await runLines(machine, "/root/project", lines, {});
  judge("a trial", "one", steps);
  const [first = 0, second] = steps.slice(-2).map(countCompiles);
  expect(first).toBeGreaterThan(3);
  expect(second).toBe(0);
});

test("GOCACHEPROG in a shell: the second machine compiles nothing", async () => {
  const heading = "# Use the cache with every go command: GOCACHEPROG";
  const lines = codeBlock("docs/gocacheprog.md", heading, "sh").trim().split("\n");
  const compiles: number[] = [];
  for (const machine of ["first", "second"]) {
    const steps = await runLines(
      container(`shell-${machine}`, "root/project"),
      "/root/project",
      lines,
      far.keys,
    );
    compiles.push(judge("a shell", machine, steps));
  }
  expect(compiles[0]).toBeGreaterThan(3);
  expect(compiles[1]).toBe(0);
});

test("GitHub Actions: the second job compiles nothing, and its tests are cached", async () => {
  const workflow = codeBlock("docs/ci.md", "## GitHub Actions", "yaml");
  const { jobs } = Bun.YAML.parse(workflow) as { jobs: { test: GithubJob } };
  const compiles: number[] = [];
  const cached: string[][] = [];
  for (const [i, machine] of ["first", "second"].entries()) {
    // Runners always check out to the same path.
    const checkout = dir.join("github-work");
    rmSync(checkout, { recursive: true, force: true });
    mkdirSync(dir.join(machine, "home"), { recursive: true });
    const runner = new FakeRunner(dir.join(machine), checkout, {
      ...plainEnv(),
      ...far.env,
      HOME: dir.join(machine, "home"),
      GOFLAGS: "-x",
      GOTOOLCHAIN: "local",
      GITHUB_RUN_ID: String(i),
      GITHUB_RUN_ATTEMPT: "1",
    });
    const steps = await runGithubJob(jobs.test, runner, {
      "actions/checkout": async () => {
        cpSync(dir.join("origin"), checkout, { recursive: true });
      },
      "actions/setup-go": async () => {
        runner.env.PATH = `${root}/bin:${runner.env.PATH}`;
      },
      "aws-actions/configure-aws-credentials": async (inputs) => {
        Object.assign(runner.env, far.keys, { AWS_REGION: inputs["aws-region"] });
      },
    });
    compiles.push(judge("GitHub Actions", machine, steps));
    cached.push(steps.flatMap(({ stdout }) => stdout.match(/^ok .*\(cached\)$/gm) ?? []));
  }
  expect(compiles[0]).toBeGreaterThan(3);
  expect(compiles[1]).toBe(0);
  expect(cached.map(({ length }) => length)).toEqual([0, 3]);
});

test("GitLab CI: the recipe is the one that init prints", async () => {
  const argv = [binaryPath(), "init", "gitlab", "--bucket=my-bucket", "--region=eu-central-1"];
  const recipe = await run(argv, { env: userEnv() });
  expect(codeBlock("docs/ci.md", "## GitLab CI", "yaml")).toBe(recipe.stdout);
});

test("GitLab CI: the second job compiles nothing, and its tests are cached", async () => {
  const { test: job } = Bun.YAML.parse(codeBlock("docs/ci.md", "## GitLab CI", "yaml")) as {
    test: {
      variables: Record<string, string>;
      before_script: string[];
      script: string[];
      after_script: string[];
    };
  };
  const compiles: number[] = [];
  const cached: number[] = [];
  for (const [i, machine] of ["first", "second"].entries()) {
    const project = "builds/group/project";
    // GitLab replaces its own variables.
    const variables = Object.entries(job.variables).map(([name, value]) => [
      name,
      value.replaceAll("$CI_PROJECT_DIR", `/${project}`),
    ]);
    const env = {
      ...Object.fromEntries(variables),
      AWS_TOKEN: ID_TOKEN,
      CI: "true",
      GITLAB_CI: "true",
      CI_JOB_NAME: "test",
      CI_COMMIT_BRANCH: "main",
      CI_DEFAULT_BRANCH: "main",
      CI_PIPELINE_ID: String(i),
      CI_PROJECT_DIR: `/${project}`,
      CI_SERVER_URL: "https://gitlab.example.com",
    };
    const lines = [...job.before_script, ...job.script, ...job.after_script];
    const steps = await runLines(container(`gitlab-${machine}`, project), `/${project}`, lines, env);
    compiles.push(judge("GitLab CI", machine, steps));
    const tested = steps.find(({ command }) => command === "go test ./...");
    cached.push(tested?.stdout.match(/^ok .*\(cached\)$/gm)?.length ?? 0);
  }
  expect(compiles[0]).toBeGreaterThan(3);
  expect(compiles[1]).toBe(0);
  expect(cached).toEqual([0, 3]);
});
