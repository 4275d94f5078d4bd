/** The documents show commands, options and inputs of the action; each must exist. */
import { expect, test } from "bun:test";
import { checkFlags, readCommandLine } from "../../src/cli/command-line.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { codeBlock, DOCUMENTS, markedTable, projectFile } from "./documents.ts";

/** The first word of a stored response's header, which is no command. */
const NO_COMMAND = "response";

/** The arguments of every call in code, without what a shell would strip. */
function callsIn(path: string): string[][] {
  const code = projectFile(path).match(/^```(?:sh|yaml|diff)\n.*?^```$|`[^`\n]+`/gms) ?? [];
  return code
    .flatMap((text) => [...text.matchAll(/\bgo-cache-plugin ([a-z][^`'"#\n<>|&;)]*)/g)])
    .map(([, args = ""]) => args.trim().split(/\s+/))
    .filter(([word]) => word !== NO_COMMAND);
}

async function isValid(args: string[]): Promise<boolean> {
  try {
    const line = await readCommandLine(args, COMMANDS);
    await checkFlags(line, COMMANDS);
    return COMMANDS.has(line.words[0] ?? "");
  } catch {
    return false;
  }
}

test("every command that a document shows is valid", async () => {
  const calls = DOCUMENTS.flatMap((path) => callsIn(path).map((args) => ({ path, args })));
  expect(calls.length).toBeGreaterThan(50);
  const invalid: string[] = [];
  for (const { path, args } of calls) {
    if (!(await isValid(args))) invalid.push(`${path}: go-cache-plugin ${args.join(" ")}`);
  }
  expect(invalid).toEqual([]);
});

test("docs/ci.md names every input of the action, with its default", () => {
  const { inputs } = Bun.YAML.parse(projectFile(".github/actions/setup/action.yml")) as {
    inputs: Record<string, { default: string }>;
  };
  const rows = [...projectFile("docs/ci.md").matchAll(/^\| `(\w+)` \| (?:`([^`]*)`|[^|]+) \|/gm)];
  const shown = rows
    .map(([, name = "", value = ""]) => [name, value])
    .filter(([name = ""]) => name in inputs);
  expect(Object.fromEntries(shown)).toEqual(
    Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default])),
  );
});

test("the lines for GitHub Actions in README.md are those of docs/ci.md", () => {
  const job = codeBlock("docs/ci.md", "## GitHub Actions", "yaml").split("\n");
  const lines = codeBlock("README.md", "## Set it up in GitHub Actions", "diff").trimEnd().split("\n");
  expect(lines.filter((line) => line.startsWith("+"))).toHaveLength(3);
  expect(lines.filter((line) => !job.includes(line.slice(1)))).toEqual([]);
});

test("the options in README.md are those of docs/options.md", () => {
  const all = markedTable("docs/options.md", "options").split("\n");
  const some = markedTable("README.md", "options").split("\n");
  expect(some.length).toBeGreaterThan(5);
  expect(some.filter((row) => !all.includes(row))).toEqual([]);
});
