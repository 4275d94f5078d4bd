import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../../../src/cli/commands.ts";
import { ALL_OPTIONS } from "../../../../src/cli/options/options.ts";
import { plainEnv, run } from "../../../support/process.ts";
import { provideShell } from "../../../support/shells.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { programPath } from "../program.ts";

/** A real fish's completions at the end of a line, without the explanations. */
async function complete(line: string): Promise<string[]> {
  await using home = tempDir("fish");
  const { program, root, env } = await provideShell("fish");
  const functions = root === undefined ? "" : `set -p fish_function_path ${root}/usr/share/fish/functions;`;
  const script = `${functions} $PROGRAM completion fish | source; complete -C $LINE`;
  const outcome = await run([program, "--no-config", "-c", script], {
    env: plainEnv({ ...env, HOME: home.path, LINE: `go-cache-plugin ${line}`, PROGRAM: programPath() }),
    cwd: home.path,
  });
  expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
  return outcome.stdout.split("\n").flatMap((each) => each.split("\t")[0] || []);
}

describe("offers", () => {
  test("each command that the help shows", async () => {
    const shown = [...COMMANDS.keys()].filter((name) => name !== "direct");
    expect(new Set(await complete(""))).toEqual(new Set(shown));
  });

  test("each flag of all commands", async () => {
    const flags = ALL_OPTIONS.filter(({ flag }) => flag.length > 1).map(({ flag }) => `--${flag}`);
    expect(await complete("--")).toEqual(expect.arrayContaining(flags));
  });

  test.each([
    ["--lay", ["--layout"]],
    ["--layout ", ["both", "packed", "split"]],
    ["--layout=s", ["--layout=split"]],
    ["init git", ["github", "gitlab"]],
    ["--metrics init doc", ["docker"]],
    ["gc --old", ["--older-than"]],
    ["prune --old", []],
    ["env --shell p", ["powershell"]],
    ["help serve-", ["serve-mode"]],
    ["version ", []],
  ])("after %j: %j", async (line, offered) => {
    expect(await complete(line)).toEqual(offered);
  });
});
