/**
 * The command line, read strictly and by Go's flag rules: one dash or two, `-name=value` or `-name value`, booleans
 * only as `-name` or `-name=true`, the last of a repeated flag wins except for lists, `--` ends the flags. Unlike in Go,
 * flags may stand before and after the command. Every error is a `UsageError`.
 */
import { holdsSecret } from "../lib/text/hide-secrets.ts";
import { type CommandList, loadCommands, ownOptions } from "./command.ts";
import { type CommonOption, dashed, type Option } from "./options/option.ts";
import { ALL_OPTIONS } from "./options/options.ts";
import { didYouMean } from "./text/did-you-mean.ts";
import { UsageError } from "./usage-error.ts";

/** A parsed command line. */
export interface CommandLine {
  /** Checked texts by flag name. */
  flags: ReadonlyMap<string, string>;
  /** The arguments that are not flags: the command and its operands. */
  words: readonly string[];
  /** `--help` or `--version`; the parser ignores everything after it. */
  info: "help" | "version" | undefined;
}

type KnownOption = CommonOption | Option;

const INFO_FLAGS: ReadonlyMap<string, "help" | "version"> = new Map([
  ["help", "help"],
  ["h", "help"],
  ["version", "version"],
]);

/** Parses the arguments, without the program's own name, for the command among them. */
export async function readCommandLine(args: readonly string[], commands: CommandList): Promise<CommandLine> {
  const load = commands.get(args.find((arg, i) => commands.has(arg) && !needsValue(args[i - 1])) ?? "");
  const own = load === undefined ? [] : ownOptions(await load());
  const known = new Set([...ALL_OPTIONS, ...own].map(({ flag }) => flag));
  const isKnown = (arg: string) =>
    !isDashed(arg) || known.has(flagName(arg)) || INFO_FLAGS.has(flagName(arg));
  if (args.every(isKnown)) return parseCommandLine(args, own);
  // Errors about unknown and misplaced flags name the flags of all commands.
  const others = (await loadCommands(commands)).flatMap(ownOptions);
  // Their values don't matter: `checkFlags` rejects them.
  const unchecked = others.map((option) => ({ ...option, parse: () => undefined }));
  return parseCommandLine(args, [...unchecked, ...own]);
}

/** Parses and checks each flag; beside the common options there are `own`, and of two with one name the last counts. */
export function parseCommandLine(args: readonly string[], own: readonly Option[] = []): CommandLine {
  const options = new Map([...ALL_OPTIONS, ...own].map((option) => [option.flag, option]));
  const flags = new Map<string, string>();
  const words: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") words.push(...rest.splice(0));
    else if (!isDashed(arg)) words.push(arg);
    else {
      const { name, value } = splitFlag(arg);
      const info = INFO_FLAGS.get(name);
      if (info !== undefined) return { flags, words, info };
      const option = options.get(name) ?? rejectFlag(name, options);
      const text = value ?? (option.placeholder === undefined ? "true" : nextValue(option, rest, options));
      setFlag(flags, option, text);
    }
  }
  return { flags, words, info: undefined };
}

/** Rejects the flags of other commands. */
export async function checkFlags({ words, flags }: CommandLine, commands: CommandList): Promise<void> {
  const command = await commands.get(words[0] ?? "")?.();
  const options = [...ALL_OPTIONS, ...(command === undefined ? [] : ownOptions(command))];
  const stray = [...flags.keys()].find((name) => !options.some(({ flag }) => flag === name));
  if (stray === undefined) return;
  const owners = (await loadCommands(commands)).filter((each) =>
    ownOptions(each).some(({ flag }) => flag === stray),
  );
  const names = new Intl.ListFormat("en").format(owners.map(({ meta }) => JSON.stringify(meta.name)));
  throw new UsageError(`${dashed(stray)} is a flag of ${names} only`);
}

/** Whether a common option takes the next argument as its value. */
function needsValue(arg: string | undefined): boolean {
  if (arg === undefined || !isDashed(arg) || arg.includes("=")) return false;
  return ALL_OPTIONS.some(({ flag, placeholder }) => flag === flagName(arg) && placeholder !== undefined);
}

function isDashed(arg: string): boolean {
  return arg.startsWith("-") && arg !== "-" && arg !== "--";
}

function flagName(arg: string): string {
  return /^--?([^=]+)/.exec(arg)?.[1] ?? "";
}

function splitFlag(arg: string): { name: string; value: string | undefined } {
  const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg);
  if (match === null) throw new UsageError(`bad flag syntax: ${holdsSecret(arg) ? "***" : arg}`);
  return { name: match[1] ?? "", value: match[2] };
}

function rejectFlag(name: string, options: ReadonlyMap<string, KnownOption>): never {
  const hint = didYouMean(name, [...options.keys(), ...INFO_FLAGS.keys()], dashed);
  throw new UsageError(`unknown flag ${holdsSecret(name) ? "--***" : dashed(name)}${hint}`);
}

function nextValue({ flag }: KnownOption, rest: string[], options: ReadonlyMap<string, KnownOption>): string {
  const [text] = rest;
  const isFlag = (arg: string) =>
    arg === "--" || (isDashed(arg) && (options.has(flagName(arg)) || INFO_FLAGS.has(flagName(arg))));
  // Go would take the next flag as the value; that is never meant.
  if (text === undefined || isFlag(text)) throw new UsageError(`flag needs a value: ${dashed(flag)}`);
  return rest.shift() ?? "";
}

function setFlag(flags: Map<string, string>, option: KnownOption, text: string): void {
  const name = dashed(option.flag);
  option.parse(text, name);
  if ("env" in option && holdsSecret(text)) {
    throw new UsageError(
      `${name}: every user of this machine can read a secret on a command line; set ${option.env} instead`,
    );
  }
  const before = "isRepeatable" in option ? flags.get(option.flag) : undefined;
  flags.set(option.flag, before === undefined ? text : `${before},${text}`);
}
