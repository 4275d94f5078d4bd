/** The records that a job without its own record uses: those of another branch, job or project. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { binaryPath } from "../../support/binary.ts";
import { chainModule } from "../../support/go-project.ts";
import { run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let team: PackedTeam;

beforeEach(() => {
  dir = tempDir("scopes");
  team = new PackedTeam(dir.path);
});
afterEach(() => dir[Symbol.dispose]());

/** A job in GitHub's CI. */
function github(job: string, run: number, pullRequest?: number): Record<string, string> {
  return {
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_WORKFLOW: "ci",
    GITHUB_JOB: job,
    GITHUB_RUN_ID: String(run),
    GITHUB_RUN_ATTEMPT: "1",
    ...(pullRequest === undefined
      ? { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/main", GITHUB_REF_NAME: "main" }
      : {
          GITHUB_EVENT_NAME: "pull_request",
          GITHUB_REF: `refs/pull/${pullRequest}/merge`,
          GITHUB_REF_NAME: `${pullRequest}/merge`,
          GITHUB_HEAD_REF: "main",
          GITHUB_BASE_REF: "main",
        }),
  };
}

/** The project at some commit, in a new directory like a checkout of CI. */
function checkout(commit: string, packages: number, name = "app"): string {
  return chainModule(dir.join(`checkout-${commit}`), { name, count: packages });
}

test("a pull request begins with the entries of its base", async () => {
  await team.build(await team.warmMachine(github("build", 1)), checkout("base", 4));
  expect(await team.build(team.newMachine(github("build", 2, 7)), checkout("pull", 4))).toBe(0);
});

test("a job of another name begins with the entries of the default branch's jobs", async () => {
  await team.build(await team.warmMachine(github("build", 1)), checkout("one", 4));
  expect(await team.build(team.newMachine(github("lint", 1)), checkout("two", 4))).toBe(0);
});

test("after a merge, the entries of the pull request are not compiled again", async () => {
  await team.build(await team.warmMachine(github("build", 1)), checkout("before", 6));
  const compiled = await team.build(team.newMachine(github("build", 2, 7)), checkout("pull", 12));
  expect(compiled).toBeGreaterThan(5);
  expect(await team.build(team.newMachine(github("build", 3)), checkout("merged", 12))).toBe(0);
});

test("a fork's branch called main is not main", async () => {
  await team.build(await team.warmMachine(github("build", 1, 9)), checkout("fork", 4));
  const branches = team.objects("run").map((path) => path.split("/").at(-3));
  expect(branches).toEqual(["pr-9"]);
});

test("a new project begins with the common entries of other projects, once gc has written a shared record", async () => {
  for (const name of ["one", "two"]) {
    await team.build(await team.warmMachine(), checkout(name, 2, name));
  }
  const gc = await run([
    binaryPath(),
    "gc",
    "--yes",
    `--bucket=file://${team.bucket}`,
    `--cache-dir=${dir.join("gc")}`,
  ]);
  expect({ exitCode: gc.exitCode, stderr: gc.stderr }).toEqual({ exitCode: 0, stderr: "" });
  // Its two packages and its main package.
  expect(await team.build(team.newMachine(), checkout("three", 2, "three"))).toBe(3);
});

test("legs of a matrix with different --scope do not overwrite each other", async () => {
  for (const leg of ["a", "b"]) {
    const machine = await team.warmMachine(github("test", 1), [`--scope=test-${leg}`]);
    await team.build(machine, checkout(leg, 2));
  }
  expect(team.objects("run").map((path) => path.split("/").at(-2))).toEqual(["test-a", "test-b"]);
});
