/** Checks our scripts and workflows, and those that `init` writes, with ShellCheck and actionlint. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadCommands } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { bashScript } from "../../../src/cli/completion/bash-script.ts";
import { completedCommands } from "../../../src/cli/completion/completion-words.ts";
import { recipeFor } from "../../../src/cli/recipes/recipe-for.ts";
import { PROJECT_DIR } from "../../support/binary.ts";
import { git } from "../../support/git.ts";
import { goInstall } from "../../support/go-install.ts";
import { run } from "../../support/process.ts";
import { shellcheck } from "../../support/shellcheck.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { ACTIONLINT } from "../../support/tools.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const COMPLETION = bashScript(completedCommands(await loadCommands(COMMANDS)));
const CONTEXT = { program: "/opt/bin/go-cache-plugin", directory: PROJECT_DIR };
const VALUES = new Map([
  ["bucket", "my-bucket"],
  ["prefix", "it's a team"],
]);

interface Workflow {
  jobs: Record<string, { steps: { run?: string; shell?: string }[] }>;
}

function projectFile(path: string): string {
  return readFileSync(join(PROJECT_DIR, path), "utf8");
}

/** The bash steps of every workflow. */
function workflowScripts(): [string, string][] {
  const names = readdirSync(join(PROJECT_DIR, ".github/workflows"));
  return names.flatMap((name) => {
    const { jobs } = Bun.YAML.parse(projectFile(`.github/workflows/${name}`)) as Workflow;
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    return steps.flatMap((step, i) => (step.run === undefined ? [] : [[`${name} step ${i}`, step.run]])) as [
      string,
      string,
    ][];
  });
}

describe("shellcheck finds nothing in", () => {
  test.each([
    ["install.sh", "sh", projectFile("install.sh")],
    [".ci/run", "bash", projectFile(".ci/run")],
    ["what completes words in bash", "bash", COMPLETION],
    ["the recipe for a shell", "sh", `#!/bin/sh\n${recipeFor("shell", VALUES, {}, CONTEXT)}`],
    [
      "the recipe for a shell with the module proxy",
      "sh",
      `#!/bin/sh\n${recipeFor("shell", new Map([...VALUES, ["modproxy", "true"]]), {}, CONTEXT)}`,
    ],
    ...workflowScripts().map(([name, script]) => [name, "bash", script] as const),
  ] as [string, "sh" | "bash", string][])("%s", async (_, shell, script) => {
    expect(await shellcheck(shell, script)).toBe("");
  });

  test("good scripts, but something in a bad one", async () => {
    expect(await shellcheck("sh", "rm $1\n")).toContain("SC2086");
  });
});

describe("actionlint finds nothing in", () => {
  test("the workflows", async () => {
    const lint = await goInstall(ACTIONLINT);
    const paths = readdirSync(join(PROJECT_DIR, ".github/workflows")).map(
      (name) => `.github/workflows/${name}`,
    );
    expect(await run([lint, "-shellcheck=", ...paths], { cwd: PROJECT_DIR })).toEqual({
      stdout: "",
      stderr: "",
      exitCode: 0,
    });
  });

  test.each([
    ["native mode", {}],
    ["direct mode", { layout: "split" }],
    ["server mode", { plugin: "5930" }],
    ["the module proxy", { modproxy: "true" }],
    ["another S3 server", { "s3-endpoint-url": "https://s3.example.com" }],
    ["a directory", { bucket: "file:///mnt/cache" }],
  ])("the recipe for GitHub with %s, its actions included", async (_, given) => {
    const lint = await goInstall(ACTIONLINT);
    using dir = tempDir("actionlint");
    const recipe = recipeFor("github", new Map([...VALUES, ...Object.entries(given)]), {}, CONTEXT);
    // It also checks actions of the same repository: whether they are complete, and have these inputs.
    const local = recipe.replaceAll(/uses: \S+\/(\.github\/actions\/\w+)@\S+/g, "uses: ./$1");
    mkdirSync(dir.join(".github/workflows"), { recursive: true });
    cpSync(join(PROJECT_DIR, ".github/actions"), dir.join(".github/actions"), { recursive: true });
    writeFileSync(dir.join(".github/workflows/recipe.yml"), recipe);
    writeFileSync(dir.join(".github/workflows/local.yml"), local);
    git(dir.path, "init", "--quiet");
    expect(local).toContain("uses: ./.github/actions/setup");
    expect(await run([lint, "-shellcheck="], { cwd: dir.path })).toEqual({
      stdout: "",
      stderr: "",
      exitCode: 0,
    });
  });

  test("good workflows, but something in a bad one", async () => {
    const lint = await goInstall(ACTIONLINT);
    using dir = tempDir("actionlint");
    const path = dir.join("bad.yml");
    writeFileSync(path, recipeFor("github", VALUES, {}, CONTEXT).replace("cache: false", "cahce: false"));
    const outcome = await run([lint, "-shellcheck=", path]);
    expect(outcome.stdout).toContain('input "cahce" is not defined in action');
  });
});
