/** A linter's own cache, filled before it runs and read out after. golangci-lint: the longer suite. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { goInstall } from "../../support/go-install.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { LINTER_GO, STATICCHECK } from "../../support/tools.ts";
import { LintTeam, NOTHING_NEW } from "./lint-team.ts";
import { CI_ENV } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const FINDINGS = {
  exitCode: 1,
  stdout: expect.stringMatching(/^mistaken\.go:13:\d+: ToUpper .* \(SA4017\)\n$/),
  stderr: "",
};

let dir: TempDir;
let team: LintTeam;

/** Its bucket has what a run of staticcheck has used. */
beforeAll(async () => {
  dir = tempDir("native-linters");
  const argv = [await goInstall(STATICCHECK), "-checks=SA4017", "./..."];
  team = new LintTeam(dir.path, { name: "staticcheck", argv });
  const first = await team.warmMachine(LINTER_GO);
  await team.program(first, team.project, ["restore"]);
  const { outcome, news } = await team.lint(first);
  expect(outcome).toEqual(FINDINGS);
  expect(news).not.toEqual(NOTHING_NEW);
  const { stdout, stderr } = await team.program(first, team.project, ["save"]);
  expect(stdout).toMatch(
    /^\d+ entries used, .*\nstaticcheck: [1-9]\d* entries used, [1-9]\d* of them new, .* uploaded\n$/,
  );
  expect(stderr).toBe("");
});
afterAll(async () => {
  dir[Symbol.dispose]();
});

test("after a restore a new machine has the same findings, and analyses and compiles nothing", async () => {
  const machine = { ...team.newMachine(), env: { ...CI_ENV, DRONE_BUILD_NUMBER: "8" } };
  const restored = await team.program(machine, team.project, ["restore"]);
  expect([restored.stderr, restored.stdout]).toEqual([
    "",
    expect.stringMatching(
      /^\d+ entries are in \S+, .* fetched\nstaticcheck: \d+ entries are in \S+, .* fetched\n$/,
    ),
  ]);
  expect(await team.lint(machine)).toEqual({ outcome: FINDINGS, news: NOTHING_NEW });
  const { stdout } = await team.program(machine, team.project, ["save"]);
  expect(stdout).toMatch(
    /^[1-9]\d* entries used, 0 of them new.*\nstaticcheck: [1-9]\d* entries used, 0 of them new/,
  );
});

test("with its own cache alone, it analyses nothing either", async () => {
  const machine = team.newMachine();
  await team.program(machine, team.project, ["restore", "--only=lint"]);
  const { outcome, news } = await team.lint(machine);
  expect([outcome, news.linter]).toEqual([FINDINGS, []]);
  expect(news.go).not.toEqual([]);
});

test("with go's cache alone it analyses, and its own is made by itself", async () => {
  const machine = team.newMachine();
  await team.program(machine, team.project, ["restore", "--only", "build"]);
  expect(existsSync(team.cacheOf(machine))).toBe(false);
  const { outcome, news } = await team.lint(machine);
  expect([outcome, news.go]).toEqual([FINDINGS, []]);
  expect(news.linter).not.toEqual([]);
});

test("exec does it all, and one line says what each cache has", async () => {
  const machine = { ...team.newMachine(), env: { ...CI_ENV, DRONE_BUILD_NUMBER: "9" } };
  const { exitCode, stdout, stderr } = await team.program(machine, team.project, [
    "exec",
    "--",
    ...team.argv,
  ]);
  expect({ exitCode, stdout, stderr: "" }).toEqual(FINDINGS);
  expect(stderr.split("\n").map((line) => line.replace(/\d[\d.]*/g, "N"))).toEqual([
    expect.stringMatching(/^go-cache-plugin: N entries are in /),
    expect.stringMatching(/^go-cache-plugin: staticcheck: N entries are in /),
    expect.stringMatching(/^go-cache-plugin: N entries used, /),
    expect.stringMatching(/^go-cache-plugin: staticcheck: N entries used, /),
    "",
  ]);
});

test("a restore in the background fills both", async () => {
  const machine = team.newMachine();
  await team.restoreInBackground(machine);
  expect(await team.lint(machine)).toEqual({ outcome: FINDINGS, news: NOTHING_NEW });
});

test.each(["test", "build,test", ","])(
  "--only=%s is an error that names the caches there are",
  async (only) => {
    for (const args of [["restore"], ["save"], ["exec", "--", "true"]]) {
      const [command = "", ...rest] = args;
      const outcome = await team.program(team.newMachine(), team.project, [
        command,
        `--only=${only}`,
        ...rest,
      ]);
      expect([outcome.exitCode, outcome.stderr]).toEqual([
        2,
        expect.stringMatching(/--only: "(?:test)?" is not "build" or "lint"/),
      ]);
    }
  },
);
