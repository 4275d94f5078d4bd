/** golangci-lint with its own cache from the bucket; staticcheck: `test/e2e/native/linters.test.ts`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { LintTeam, NOTHING_NEW } from "../../e2e/native/lint-team.ts";
import { CI_ENV } from "../../e2e/native/native-team.ts";
import { goInstall } from "../../support/go-install.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { GOLANGCI_LINT, LINTER_GO } from "../../support/tools.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("after a restore a new machine has golangci-lint's findings, and analyses and compiles nothing", async () => {
  await using dir = tempDir("golangci-lint");
  const flags = ["--no-config", "--default=none", "--enable=govet", "--enable=staticcheck"];
  const argv = [await goInstall(GOLANGCI_LINT), "run", ...flags, "./..."];
  const team = new LintTeam(dir.path, { name: "golangci-lint", argv });
  const first = await team.warmMachine(LINTER_GO);
  await team.program(first, team.project, ["restore"]);
  const { outcome, news } = await team.lint(first);
  expect(outcome).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/self-assignment of text[\s\S]*SA4017/),
  });
  expect(news).not.toEqual(NOTHING_NEW);
  const saved = await team.program(first, team.project, ["save"]);
  expect(saved.stdout).toMatch(/^golangci-lint: [1-9]\d* entries used, [1-9]\d* of them new/m);

  const machine = { ...team.newMachine(), env: { ...CI_ENV, DRONE_BUILD_NUMBER: "8" } };
  const restored = await team.program(machine, team.project, ["restore"]);
  expect([restored.stderr, restored.stdout]).toEqual(["", expect.stringMatching(/^golangci-lint: [1-9]/m)]);
  expect(await team.lint(machine)).toEqual({ outcome, news: NOTHING_NEW });
});
