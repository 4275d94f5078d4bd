import { describe, expect, test } from "bun:test";
import { parseCommandLine } from "../../../src/cli/command-line.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import {
  ALL_COMMAND_OPTIONS,
  checkCommandFlags,
  resolveCommandSettings,
} from "../../../src/cli/options/command-options.ts";
import { ALL_OPTIONS, dashed } from "../../../src/cli/options/options.ts";
import { parseIdStart } from "../../../src/cli/options/values.ts";
import { helpText } from "../../../src/cli/text/help.ts";
import { UsageError } from "../../../src/cli/usage-error.ts";

describe("refuses", () => {
  test.each([
    [["gc", "--older-than=0"], '--older-than: "0" is not a duration above 0 such as 14d or 36h'],
    [["gc", "--older-than=-1h"], '--older-than: "-1h" is not a duration above 0 such as 14d or 36h'],
    [["gc", "--older-than", "banana"], '--older-than: "banana" is not a duration above 0 such as 14d or 36h'],
    [["gc", "--older-than="], '--older-than: "" is not a duration above 0 such as 14d or 36h'],
    [["gc", "--older-than"], "flag needs a value: --older-than"],
    [["gc", "--older-than", "--dry-run"], "flag needs a value: --older-than"],
    [["gc", "--dry-run=perhaps"], '--dry-run: "perhaps" is not true or false'],
    [["gc", "--dryrun"], "unknown flag --dryrun (did you mean --dry-run?)"],
  ])("%j", (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(new UsageError(message));
  });

  test.each([
    ["inspect", "dry-run", '--dry-run is a flag of the command "gc" and "mtimes" only'],
    ["prune", "json", '--json is a flag of the command "inspect", "doctor", "stats", and "explain" only'],
    [undefined, "repair", '--repair is a flag of the command "verify" only'],
  ])("%p with --%s", (command, flag, message) => {
    expect(() => checkCommandFlags(command, new Map([[flag, "true"]]))).toThrow(new UsageError(message));
  });

  test.each(["", "0123456", "0123456g", "0".repeat(65), "../../etc"])(
    "%j as the beginning of an id",
    (text) => {
      expect(() => parseIdStart(text, "ID")).toThrow(`ID: ${JSON.stringify(text)} is not 8 to 64 hex digits`);
    },
  );
});

test("reads the flags of a command, before and after it", () => {
  const { flags, words } = parseCommandLine(["--dry-run", "gc", "--older-than=2d12h", "-yes"]);
  expect(words).toEqual(["gc"]);
  checkCommandFlags("gc", flags);
  expect(resolveCommandSettings(flags, "gc")).toMatchObject({
    olderThanMs: 60 * 3_600_000,
    dryRun: true,
    isConfirmed: true,
  });
});

test("what is not given is as the table says", () => {
  expect(resolveCommandSettings(new Map(), "gc")).toEqual({
    waitMs: 0,
    isFallback: false,
    isDetached: false,
    isStop: false,
    isStatus: false,
    heapFile: undefined,
    olderThanMs: 14 * 86_400_000,
    dryRun: false,
    isTrial: false,
    shell: "sh",
    isConfirmed: false,
    isJson: false,
    isMarkdown: false,
    isReset: false,
    isRepairing: false,
    isWaiting: false,
  });
});

test("ids are read in lower case", () => {
  expect(parseIdStart("0123ABCD", "ID")).toBe("0123abcd");
});

test("a flag of two commands is read as that of the command it is given to, wherever it stands", () => {
  const waiting = parseCommandLine(["--wait=10s", "connect", "5930"]);
  expect(resolveCommandSettings(waiting.flags, "connect")).toMatchObject({
    waitMs: 10_000,
    isWaiting: false,
  });
  const fetching = parseCommandLine(["prefetch", "--wait"]);
  expect(resolveCommandSettings(fetching.flags, "prefetch")).toMatchObject({ waitMs: 0, isWaiting: true });
  expect(() => parseCommandLine(["connect", "--wait", "soon"])).toThrow("--wait");
});

test("no command has a flag twice, none is one of all commands, and every command exists", () => {
  const ofCommands = ALL_COMMAND_OPTIONS.flatMap(({ flag, commands }) =>
    commands.map((name) => `${name} ${flag}`),
  );
  expect(new Set(ofCommands).size).toBe(ofCommands.length);
  const ofAll = ALL_OPTIONS.map(({ flag }) => flag);
  expect(ALL_COMMAND_OPTIONS.filter(({ flag }) => ofAll.includes(flag))).toEqual([]);
  const commands = ALL_COMMAND_OPTIONS.flatMap((option) => option.commands);
  expect(commands.filter((name) => !COMMANDS.has(name))).toEqual([]);
});

test("the help of a command names its flags, and no other", () => {
  for (const [name] of COMMANDS) {
    for (const { flag } of ALL_COMMAND_OPTIONS) {
      const isOwn = ALL_COMMAND_OPTIONS.some((own) => own.flag === flag && own.commands.includes(name));
      expect(helpText(name).includes(`\n  ${dashed(flag)}`)).toBe(isOwn);
    }
  }
});

test("the help of gc", () => {
  expect(helpText("gc")).toMatchInlineSnapshot(`
    "usage: go-cache-plugin [flags] gc

      remove from the bucket what no run needed for two weeks; needs s3:DeleteObject

      --older-than DURATION      remove records of runs that were not written for this long, such as 14d
                                 or 36h
                                 default: 14d
      --dry-run                  say what would be removed, and change nothing
                                 default: false
      --yes                      go on although there is no --prefix
                                 default: false

    examples:
      go-cache-plugin gc --bucket=my-bucket --prefix=team --dry-run
      go-cache-plugin gc --bucket=my-bucket --prefix=team --older-than=30d
      go-cache-plugin gc --bucket=my-bucket --yes

    The flags that all commands have: go-cache-plugin help
    "
  `);
});
