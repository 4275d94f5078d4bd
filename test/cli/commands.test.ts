import { describe, expect, test } from "bun:test";
import { loadCommands, ownOptions } from "../../src/cli/command.ts";
import { checkFlags, readCommandLine } from "../../src/cli/command-line.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { dashed, parseOwnOptions } from "../../src/cli/options/option.ts";
import { ALL_OPTIONS } from "../../src/cli/options/options.ts";
import { parseIdStart } from "../../src/cli/options/values.ts";
import { helpText } from "../../src/cli/text/help.ts";
import { UsageError } from "../../src/cli/usage-error.ts";

const ALL = await loadCommands(COMMANDS);

/** The values of a command's own options. */
async function optionsOf(args: readonly string[]): Promise<Record<string, unknown>> {
  const { flags, words } = await readCommandLine(args, COMMANDS);
  return parseOwnOptions((await COMMANDS.get(words[0] ?? "")?.())?.options, flags);
}

describe("rejects", () => {
  test.each([
    [["gc", "--older-than=0"], '--older-than: "0" is not a duration above 0 such as 14d or 36h'],
    [["gc", "--older-than=-1h"], '--older-than: "-1h" is not a duration above 0 such as 14d or 36h'],
    [["gc", "--older-than", "banana"], '--older-than: "banana" is not a duration above 0 such as 14d or 36h'],
    [["gc", "--older-than="], '--older-than: "" is not a duration above 0 such as 14d or 36h'],
    [["gc", "--older-than"], "flag needs a value: --older-than"],
    [["gc", "--older-than", "--dry-run"], "flag needs a value: --older-than"],
    [["gc", "--dry-run=perhaps"], '--dry-run: "perhaps" is not true or false'],
    [["gc", "--dryrun"], "unknown flag --dryrun (did you mean --dry-run?)"],
  ])("%j", async (args, message) => {
    await expect(readCommandLine(args, COMMANDS)).rejects.toThrow(new UsageError(message));
  });

  test.each([
    ["inspect", "dry-run", '--dry-run is a flag of "mtimes" and "gc" only'],
    ["prune", "json", '--json is a flag of "doctor", "stats", "explain", and "inspect" only'],
    [undefined, "repair", '--repair is a flag of "verify" only'],
    [undefined, "wait=10s", '--wait is a flag of "connect", "prefetch", and "restore" only'],
    ["serve", "older-than=banana", '--older-than is a flag of "gc" only'],
  ])("%p with --%s", async (command, flag, message) => {
    const words = command === undefined ? [] : [command];
    const line = await readCommandLine([...words, `--${flag}`], COMMANDS);
    await expect(checkFlags(line, COMMANDS)).rejects.toThrow(new UsageError(message));
  });

  test.each(["", "0123456", "0123456g", "0".repeat(65), "../../etc"])("%j as the start of an id", (text) => {
    expect(() => parseIdStart(text, "ID")).toThrow(`ID: ${JSON.stringify(text)} is not 8 to 64 hex digits`);
  });
});

test("parses the flags of a command before and after it", async () => {
  const args = ["--dry-run", "gc", "--older-than=2d12h", "-yes"];
  const line = await readCommandLine(args, COMMANDS);
  expect(line.words).toEqual(["gc"]);
  await checkFlags(line, COMMANDS);
  expect(await optionsOf(args)).toEqual({ olderThanMs: 60 * 3_600_000, dryRun: true, isConfirmed: true });
});

test("a missing flag has its default", async () => {
  const defaults = await Promise.all(ALL.map(({ meta }) => optionsOf([meta.name])));
  expect(Object.assign({}, ...defaults)).toEqual({
    setsMtimes: true,
    isBlocking: true,
    mode: "auto",
    waitMs: 0,
    isFallback: false,
    isDetached: false,
    isStop: false,
    isStatus: false,
    heapFile: undefined,
    only: new Set(["build", "lint", "modules"]),
    modules: "auto",
    olderThanMs: 14 * 86_400_000,
    dryRun: false,
    shell: "sh",
    isConfirmed: false,
    isJson: false,
    isMarkdown: false,
    isReset: false,
    isRepairing: false,
    isWaiting: false,
  });
});

test("ids are converted to lower case", () => {
  expect(parseIdStart("0123ABCD", "ID")).toBe("0123abcd");
});

test("a flag of two commands is parsed as that of the given command, before and after it", async () => {
  const waiting = await optionsOf(["--wait=10s", "connect", "5930"]);
  expect(waiting).toEqual({ waitMs: 10_000, isFallback: false });
  expect(await optionsOf(["prefetch", "--wait"])).toEqual({ isWaiting: true });
  await expect(readCommandLine(["connect", "--wait", "soon"], COMMANDS)).rejects.toThrow("--wait");
});

test("the value of a flag is not mistaken for the command", async () => {
  const args = ["--project", "connect", "prefetch", "--wait"];
  expect((await readCommandLine(args, COMMANDS)).words).toEqual(["prefetch"]);
  expect(await optionsOf(args)).toEqual({ isWaiting: true });
});

test("each command has its name in the list, and unique flags", () => {
  expect(ALL.map(({ meta }) => meta.name)).toEqual([...COMMANDS.keys()]);
  for (const command of ALL) {
    const flags = [...ALL_OPTIONS, ...ownOptions(command)].map(({ flag }) => flag);
    expect(new Set(flags).size).toBe(flags.length);
  }
});

test("the help of a command names its own flags and no others", () => {
  const flags = ALL.flatMap(ownOptions).map(({ flag }) => flag);
  for (const command of ALL) {
    for (const flag of flags) {
      const isOwn = ownOptions(command).some((own) => own.flag === flag);
      expect(helpText(command.meta.name, ALL).includes(`\n  ${dashed(flag)}`)).toBe(isOwn);
    }
  }
});

test("the help of gc", () => {
  expect(helpText("gc", ALL)).toMatchInlineSnapshot(`
    "usage: go-cache-plugin [flags] gc

      remove from the bucket what no run used for two weeks; needs s3:DeleteObject

      --older-than DURATION      remove records of jobs unused for this long, such as 14d or 36h
                                 default: 14d
      --dry-run                  show what would be removed, change nothing
                                 default: false
      --yes                      run even without --prefix
                                 default: false

    examples:
      go-cache-plugin gc --bucket=my-bucket --prefix=team --dry-run
      go-cache-plugin gc --bucket=my-bucket --prefix=team --older-than=30d
      go-cache-plugin gc --bucket=my-bucket --yes

    Flags of all commands: go-cache-plugin help
    "
  `);
});
