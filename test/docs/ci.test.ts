/** docs/ci.md shows commands and inputs of the action; each must exist. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkFlags, readCommandLine } from "../../src/cli/command-line.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { PROJECT_DIR } from "../support/binary.ts";

function projectFile(path: string): string {
  return readFileSync(join(PROJECT_DIR, path), "utf8");
}

const page = projectFile("docs/ci.md");

/** The arguments of every call in the page, without what a shell would strip. */
const calls = [...page.matchAll(/\bgo-cache-plugin ([a-z][^`'#"\n]*)/g)].map(([, args = ""]) =>
  args.trim().split(/\s+/),
);

test("every command that is shown is valid", async () => {
  expect(calls.length).toBeGreaterThan(5);
  for (const args of calls) {
    const line = await readCommandLine(args, COMMANDS);
    await checkFlags(line, COMMANDS);
    expect(COMMANDS.has(line.words[0] ?? "")).toBe(true);
  }
});

test("every input that is shown is one of the action's", () => {
  const block = /### GitHub Actions\n\n```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
  const { steps } = Bun.YAML.parse(block) as { steps: { uses?: string; with?: Record<string, unknown> }[] };
  const { inputs } = Bun.YAML.parse(projectFile(".github/actions/setup/action.yml")) as {
    inputs: Record<string, unknown>;
  };
  const given = steps.find(({ uses }) => uses?.includes("/actions/setup@"))?.with ?? {};
  expect(Object.keys(given).length).toBeGreaterThan(0);
  expect(Object.keys(given).filter((name) => !(name in inputs))).toEqual([]);
});
