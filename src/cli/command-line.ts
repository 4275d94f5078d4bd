/**
 * The command line, read strictly and by Go's flag rules: one dash or two, `-name=value` or `-name value`, booleans
 * only as `-name` or `-name=true`, the last of a repeated flag wins but for lists, `--` ends the flags. Unlike in Go, flags may
 * stand before and after the command. Everything wrong is a `UsageError`.
 */
import { holdsSecret } from "../lib/text/hide-secrets.ts";
import { COMMANDS } from "./commands.ts";
import { ALL_COMMAND_OPTIONS, type CommandOption } from "./options/command-options.ts";
import { ALL_OPTIONS, dashed, type Option } from "./options/options.ts";
import { didYouMean } from "./text/did-you-mean.ts";
import { UsageError } from "./usage-error.ts";

/** A command line taken apart. */
export interface CommandLine {
  /** Checked texts by flag name. */
  flags: ReadonlyMap<string, string>;
  /** What is not a flag: the command and its operands. */
  words: readonly string[];
  /** `--help` or `--version`; what follows it was not looked at. */
  asked: "help" | "version" | undefined;
}

/** Those of single commands too: only `run.ts` knows which command it will be. */
const BY_FLAG: ReadonlyMap<string, Option | CommandOption> = new Map(
  [...ALL_OPTIONS, ...ALL_COMMAND_OPTIONS].map((option) => [option.flag, option]),
);

const ASKED: ReadonlyMap<string, "help" | "version"> = new Map([
  ["help", "help"],
  ["h", "help"],
  ["version", "version"],
]);

/** Takes the arguments apart (without the program's own name), checking the value of each flag. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const flags = new Map<string, string>();
  const words: string[] = [];
  const rest = [...args];
  const command = args.find((arg) => COMMANDS.has(arg));
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") words.push(...rest.splice(0));
    else if (!arg.startsWith("-") || arg === "-") words.push(arg);
    else {
      const { name, value } = splitFlag(arg);
      const asked = ASKED.get(name);
      if (asked !== undefined) return { flags, words, asked };
      const option = findOption(name, command);
      const text = checkedValue(option, value, rest);
      const before = "isRepeatable" in option ? flags.get(name) : undefined;
      flags.set(name, before === undefined ? text : `${before},${text}`);
    }
  }
  return { flags, words, asked: undefined };
}

function splitFlag(arg: string): { name: string; value: string | undefined } {
  const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg);
  if (match === null) throw new UsageError(`bad flag syntax: ${holdsSecret(arg) ? "***" : arg}`);
  return { name: match[1] ?? "", value: match[2] };
}

/** Two commands may have a flag of the same name that are read differently. */
function findOption(name: string, command: string | undefined): Option | CommandOption {
  const own = ALL_COMMAND_OPTIONS.find(
    ({ flag, commands }) => flag === name && command !== undefined && commands.includes(command),
  );
  const option = own ?? BY_FLAG.get(name);
  if (option !== undefined) return option;
  const hint = didYouMean(name, [...BY_FLAG.keys(), ...ASKED.keys()], dashed);
  throw new UsageError(`unknown flag ${holdsSecret(name) ? "--***" : dashed(name)}${hint}`);
}

/** The value after `=`, else the next argument (taken from `rest`), else what the bare flag means. */
function checkedValue(option: Option | CommandOption, given: string | undefined, rest: string[]): string {
  const name = dashed(option.flag);
  const text = given ?? (option.placeholder === undefined ? "true" : nextValue(name, rest));
  option.parse(text, name);
  if ("env" in option && holdsSecret(text)) {
    throw new UsageError(
      `${name}: a secret on a command line can be read by everybody on the machine; set ${option.env} instead`,
    );
  }
  return text;
}

function nextValue(name: string, rest: string[]): string {
  const text = rest[0];
  // Go would take a flag that follows for the value; that is never what was meant.
  if (text === undefined || isFlag(text)) throw new UsageError(`flag needs a value: ${name}`);
  return rest.shift() ?? "";
}

function isFlag(text: string): boolean {
  const name = /^--?([^=]+)/.exec(text)?.[1] ?? "";
  return text === "--" || (text.startsWith("-") && (BY_FLAG.has(name) || ASKED.has(name)));
}
