import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../../../src/cli/commands.ts";
import { ALL_COMMAND_OPTIONS } from "../../../../src/cli/options/command-options.ts";
import { ALL_OPTIONS, dashed } from "../../../../src/cli/options/options.ts";
import { plainEnv, run } from "../../../support/process.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { runProgram } from "../program.ts";

/** What a real bash offers for the last of the words, which it splits at `=` as it does when a person types. */
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
    const shown = [...COMMANDS].filter(([, { hidden }]) => hidden !== true).map(([name]) => name);
    expect(await complete("")).toEqual(shown);
  });

  test("each flag of all commands", async () => {
    const flags = ALL_OPTIONS.map(({ flag }) => dashed(flag));
    expect(await complete("-")).toEqual([...flags, "--help", "--version"]);
  });

  test.each([...new Set(ALL_COMMAND_OPTIONS.flatMap(({ commands }) => commands))])(
    "the flags of %s",
    async (name) => {
      const own = ALL_COMMAND_OPTIONS.filter(({ commands }) => commands.includes(name)).map(({ flag }) =>
        dashed(flag),
      );
      expect((await complete(name, "-")).slice(0, own.length)).toEqual(own);
    },
  );

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
