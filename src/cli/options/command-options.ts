/**
 * The flags of single commands, once, as `options.ts` has those of all. They have no environment variables: a variable
 * that lies around must not make a command remove things.
 */

import { UsageError } from "../usage-error.ts";
import { dashed } from "./options.ts";
import {
  parseBoolean,
  parseChoice,
  parseLongDuration,
  parsePath,
  parseTimeout,
  type ValueParser,
} from "./values.ts";

/** One flag. */
export interface CommandOption<T = unknown> {
  /** Without dashes. */
  flag: string;
  /** The commands that have it. */
  commands: readonly string[];
  /** What the help calls the value; a boolean has none. */
  placeholder?: string;
  /** As a user would write it. */
  default: string;
  meaning: string;
  parse: ValueParser<T>;
}

/** The flags by the name of their setting. */
const COMMAND_OPTIONS = {
  olderThanMs: option({
    flag: "older-than",
    commands: ["gc"],
    placeholder: "DURATION",
    default: "14d",
    meaning: "remove records of runs that were not written for this long, such as 14d or 36h",
    parse: parseLongDuration,
  }),
  dryRun: option({
    flag: "dry-run",
    commands: ["gc"],
    default: "false",
    meaning: "say what would be removed, and change nothing",
    parse: parseBoolean,
  }),
  isTrial: option({
    flag: "dry-run",
    commands: ["mtimes"],
    default: "false",
    meaning: "say which times would be set, and change nothing",
    parse: parseBoolean,
  }),
  isConfirmed: option({
    flag: "yes",
    commands: ["gc"],
    default: "false",
    meaning: "go on although there is no --prefix",
    parse: parseBoolean,
  }),
  isWaiting: option({
    flag: "wait",
    commands: ["prefetch"],
    default: "false",
    meaning: "return when everything is there",
    parse: parseBoolean,
  }),
  waitMs: option({
    flag: "wait",
    commands: ["connect"],
    placeholder: "DURATION",
    default: "0",
    meaning: "how long to wait for somebody to listen, such as 10s",
    parse: parseTimeout,
  }),
  isFallback: option({
    flag: "fallback",
    commands: ["connect"],
    default: "false",
    meaning: "when nobody listens, do without: as with no command",
    parse: parseBoolean,
  }),
  isDetached: option({
    flag: "detach",
    commands: ["serve"],
    default: "false",
    meaning: "return when it is ready, and serve behind; its log is in the cache directory, below state/",
    parse: parseBoolean,
  }),
  isStop: option({
    flag: "stop",
    commands: ["serve"],
    default: "false",
    meaning: "stop the server that was started with --detach; returns when its uploads are done",
    parse: parseBoolean,
  }),
  isStatus: option({
    flag: "status",
    commands: ["serve"],
    default: "false",
    meaning: "say whether a server runs; exit code 1 when none does",
    parse: parseBoolean,
  }),
  heapFile: option({
    flag: "heap",
    commands: ["serve"],
    placeholder: "FILE",
    default: "",
    meaning:
      "write a snapshot of a running server's heap to FILE, for Chromium's developer tools; it holds secrets",
    parse: parsePath,
  }),
  isJson: option({
    flag: "json",
    commands: ["inspect", "doctor", "stats", "explain"],
    default: "false",
    meaning: "print JSON instead of text",
    parse: parseBoolean,
  }),
  isMarkdown: option({
    flag: "markdown",
    commands: ["stats"],
    default: "false",
    meaning: "print Markdown with a chart, such as $GITHUB_STEP_SUMMARY takes",
    parse: parseBoolean,
  }),
  isReset: option({
    flag: "reset",
    commands: ["stats"],
    default: "false",
    meaning: "begin anew once it is printed",
    parse: parseBoolean,
  }),
  shell: option({
    flag: "shell",
    commands: ["env"],
    placeholder: "SHELL",
    default: "sh",
    meaning: "whose words the variables are written in: sh, bash, zsh, fish or powershell",
    parse: parseChoice("sh", "bash", "zsh", "fish", "powershell"),
  }),
  isRepairing: option({
    flag: "repair",
    commands: ["verify"],
    default: "false",
    meaning: "remove what is wrong, so that it is a miss and made anew",
    parse: parseBoolean,
  }),
};

/** The value of every flag of a command. */
type CommandSettings = {
  [K in keyof typeof COMMAND_OPTIONS]: ReturnType<(typeof COMMAND_OPTIONS)[K]["parse"]>;
};

/** The flags in the order of the table. */
export const ALL_COMMAND_OPTIONS: readonly CommandOption[] = Object.values(COMMAND_OPTIONS);

/** The values as given to `command`, or by default. */
export function resolveCommandSettings(flags: ReadonlyMap<string, string>, command: string): CommandSettings {
  const entries = Object.entries(COMMAND_OPTIONS).map(
    ([key, { flag, commands, parse, default: byDefault }]) => {
      const given = commands.includes(command) ? flags.get(flag) : undefined;
      return [key, parse(given ?? byDefault, dashed(flag))];
    },
  );
  // Key by key what each flag's own parser returned, which is how CommandSettings is defined.
  return Object.fromEntries(entries) as CommandSettings;
}

/** Refuses flags that the command doesn't have. `undefined`: no command, so go is to be served. */
export function checkCommandFlags(command: string | undefined, flags: ReadonlyMap<string, string>): void {
  for (const { flag } of ALL_COMMAND_OPTIONS) {
    const commands = ALL_COMMAND_OPTIONS.filter((option) => option.flag === flag).flatMap(
      (option) => option.commands,
    );
    if (!flags.has(flag) || (command !== undefined && commands.includes(command))) continue;
    const owners = new Intl.ListFormat("en").format(commands.map((name) => JSON.stringify(name)));
    throw new UsageError(`${dashed(flag)} is a flag of the command ${owners} only`);
  }
}

function option<T>(spec: CommandOption<T>): CommandOption<T> {
  return spec;
}
