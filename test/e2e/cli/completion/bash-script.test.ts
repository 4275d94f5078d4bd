import { describe, expect, test } from "bun:test";
import { loadCommands, ownOptions } from "../../../../src/cli/command.ts";
import { COMMANDS } from "../../../../src/cli/commands.ts";
import { dashed } from "../../../../src/cli/options/option.ts";
import { ALL_OPTIONS } from "../../../../src/cli/options/options.ts";
import { plainEnv, run } from "../../../support/process.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { runProgram } from "../program.ts";

const ALL = await loadCommands(COMMANDS);

/** A real bash's completions of the last word. It splits words at `=` as it does for typed text. */
async function complete(...words: string[]): Promise<string[]> {
  const { stdout: script } = await runProgram(["completion", "bash"]);
  const loaded = `${script}
complete -p go-cache-plugin >/dev/null || exit 1
COMP_WORDS=(go-cache-plugin "$@"); COMP_CWORD=$#
_go_cache_plugin
printf '%s\\n' "\${COMPREPLY[@]}"`;
  await using dir = tempDir("completion");
  await run(["mkdir", "testdata", "other"], { cwd: dir.path });
  const outcome = await run(["bash", "--norc", "-euc", loaded, "bash", ...words], {
    env: plainEnv(),
    cwd: dir.path,
  });
  expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
  return outcome.stdout.split("\n").filter((line) => line !== "");
}

describe("offers", () => {
  test("each command that the help shows", async () => {
    const shown = ALL.filter(({ meta }) => meta.group !== undefined).map(({ meta }) => meta.name);
    expect(await complete("")).toEqual(shown);
  });

  test("each flag of all commands", async () => {
    const flags = ALL_OPTIONS.map(({ flag }) => dashed(flag));
    expect(await complete("-")).toEqual([...flags, "--help", "--version"]);
  });

  test.each(
    ALL.filter(({ options }) => options !== undefined).map(
      (command) => [command.meta.name, ownOptions(command)] as const,
    ),
  )("the flags of %s", async (name, options) => {
    const own = options.map(({ flag }) => dashed(flag));
    expect((await complete(name, "-")).slice(0, own.length)).toEqual(own);
  });

  test.each([
    [["--lay"], ["--layout"]],
    [
      ["--layout", ""],
      ["packed", "split", "both"],
    ],
    [["--layout", "=", "s"], ["split"]],
    [
      ["--layout", "="],
      ["packed", "split", "both"],
    ],
    [["--bucket", ""], []],
    [
      ["init", "git"],
      ["github", "gitlab"],
    ],
    [["--metrics", "init", "doc"], ["docker"]],
    [["env", "--shell", "p"], ["powershell"]],
    [
      ["help", "serve"],
      ["serve-mode", "serve"],
    ],
    [["mtimes", "te"], ["testdata"]],
    [["connect", "--wait", ""], []],
    [["version", ""], []],
  ])("after %j: %j", async (words, offered) => {
    expect(await complete(...words)).toEqual(offered);
  });
});
