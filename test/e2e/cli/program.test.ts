import { describe, expect, test } from "bun:test";
import { tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

/** The whole of stderr for a usage error. */
function usageError(message: string, command?: string): string {
  const usage = 'usage: go-cache-plugin [flags] [command]\nrun "go-cache-plugin help" for the flags\n';
  const ofCommand = `run "go-cache-plugin help ${command}" for its flags and examples\n`;
  return `go-cache-plugin: ${message}\n${command === undefined ? usage : ofCommand}`;
}

describe("exits with 2, the reason on stderr and nothing on stdout:", () => {
  test.concurrent.each([
    [["--buckt=x"], "unknown flag --buckt (did you mean --bucket?)"],
    [["-nonsense"], "unknown flag --nonsense"],
    [["--nonsense", "help"], "unknown flag --nonsense"],
    [["--bucket"], "flag needs a value: --bucket"],
    [["--expiry", "banana"], '--expiry: "banana" is not a duration such as 48h or 1h30m'],
    [["--expiry=banana", "version"], '--expiry: "banana" is not a duration such as 48h or 1h30m', "version"],
    [["-c=many"], '-c: "many" is not a whole number from 0 up'],
    [["serve"], `"serve" needs --plugin (such as --plugin=5930), --http, or both`, "serve"],
    [["serve", "--plugin=1", "--modproxy"], "--modproxy needs --http, the address to serve it at", "serve"],
    [["versoin"], 'unknown command "versoin" (did you mean version?)'],
    [["toString"], 'unknown command "toString"'],
    [["--", "--bucket=x"], 'unknown command "--bucket=x"'],
    [[""], 'unknown command ""'],
    [
      ["--metrics", "true"],
      'unknown command "true" (the value of a flag such as --metrics goes after =, --metrics=true)',
    ],
    [["version", "now"], 'unexpected argument "now" after "version"', "version"],
    [["direct", "x"], 'unexpected argument "x" after "direct"'],
    [["help", "debug", "x"], 'unexpected argument "x" after "help"'],
    [["help", "debgu"], 'unknown help topic "debgu" (did you mean debug?)'],
    [["help", "nothing-near"], 'unknown help topic "nothing-near"'],
    [["init"], '"init" needs one of github, gitlab, buildkite, circleci, jenkins, shell, docker', "init"],
    [
      ["init", "gitub"],
      '"init" needs one of github, gitlab, buildkite, circleci, jenkins, shell, docker, not "gitub" (did you mean github?)',
      "init",
    ],
    [
      ["init", "--bucket=a/b", "github"],
      '--bucket: "a/b" has a slash; set the prefix of keys with --prefix',
      "init",
    ],
    [["completion", "tcsh"], '"completion" needs one of bash, zsh, fish, not "tcsh"', "completion"],
    [
      ["env", "--shell=cmd"],
      '--shell: "cmd" is not "sh" or "bash" or "zsh" or "fish" or "powershell"',
      "env",
    ],
    [["help", "--", "-c"], 'unknown help topic "-c"'],
    [["nonsense", "--help"], 'unknown help topic "nonsense"'],
  ] as [string[], string, string?][])("%j", async (...[args, message, command]) => {
    expect(await runProgram(args)).toEqual({ stdout: "", stderr: usageError(message, command), exitCode: 2 });
  });

  test("an invalid variable", async () => {
    expect(await runProgram([], { GOCACHE_EXPIRY: "banana" })).toEqual({
      stdout: "",
      stderr: usageError('GOCACHE_EXPIRY: "banana" is not a duration such as 48h or 1h30m'),
      exitCode: 2,
    });
  });
});

describe("prints", () => {
  test.each([[["version"]], [["--version"]], [["-version"]], [["-v", "version"]]])(
    "the version: %j",
    async (args) => {
      const outcome = await runProgram(args);
      expect(outcome.stdout).toMatch(
        /^go-cache-plugin \d+\.\d+\.\d+ \(commit [0-9a-f]{7,}, bun \d+\.\d+\.\d+, (linux|darwin)\/(amd64|arm64)\)\n$/,
      );
      expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
    },
  );

  test.each([[["help"]], [["--help"]], [["-h"]], [["-v", "-help"]], [["--bucket=name", "help"]]])(
    "the help, even with invalid variables: %j",
    async (args) => {
      const outcome = await runProgram(args, { GOCACHE_EXPIRY: "banana" });
      expect(outcome.stdout).toStartWith("Shares Go's build cache between machines");
      expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
    },
  );

  test.each([[["help", "version"]], [["version", "--help"]], [["version", "-h", "--nonsense"]]])(
    "the help of a command: %j",
    async (args) => {
      const outcome = await runProgram(args);
      expect(outcome.stdout).toStartWith("usage: go-cache-plugin version\n");
      expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
    },
  );
});

describe("in direct mode", () => {
  test.each([[[]], [["direct"]], [["-bucket="]]])("sends hello first: %j", async (args) => {
    await using dir = tempDir("cli");
    const { stdout } = await runProgram(args, { GOCACHE_DIR: dir.path });
    expect(stdout).toContain('"KnownCommands"');
  });

  test("names unknown variables, with -v only", async () => {
    await using dir = tempDir("cli");
    const env = { GOCACHE_DIR: dir.path, GOCACHE_BUKET: "x" };
    const note = "go-cache-plugin: GOCACHE_BUKET is not a variable of this program";
    const verbose = await runProgram(["-v"], env);
    expect(verbose.stderr).toContain(`${note} (did you mean GOCACHE_S3_BUCKET?)\n`);
    expect((await runProgram([], env)).stderr).toBe("");
  });
});
