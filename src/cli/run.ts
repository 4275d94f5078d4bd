/**
 * From a command line to a command. citty runs it. This file first rejects what citty would accept silently (unknown
 * flags, stray words) or print on stdout, which belongs to go.
 */
import { runCommand } from "citty";
import { quoteValue } from "../lib/text/hide-secrets.ts";
import { type Call, type Command, operandOf } from "./command.ts";
import { type CommandLine, checkFlags, readCommandLine } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { withCacheprogFlags } from "./options/cacheprog-flags.ts";
import type { Environment } from "./options/settings.ts";
import { isBooleanText } from "./options/values.ts";
import { didYouMean } from "./text/did-you-mean.ts";
import { UsageError } from "./usage-error.ts";

/** Runs a command line and returns the exit code. Throws a `UsageError` before any side effect. */
export async function runCli(args: readonly string[], env: Environment): Promise<number> {
  const line = await readCommandLine(args, COMMANDS);
  const [name = "direct", ...operands] = commandWords(line);
  const command = await COMMANDS.get(name)?.();
  if (command === undefined) throw new UsageError(`unknown command ${quoteValue(name)}${commandHint(name)}`);
  checkOperands(command, operands);
  if (line.info === undefined) await checkFlags(line, COMMANDS);
  const flags = command.ignoresCacheprog ? line.flags : await withCacheprogFlags(line.flags, env, COMMANDS);
  const data: Call = { flags, env, commands: COMMANDS };
  // "--": citty must not read an operand as a flag.
  const { result } = await runCommand(command, { rawArgs: ["--", ...operands], data });
  return Number(result);
}

function commandWords({ words, info }: CommandLine): readonly string[] {
  if (info === "version") return ["version"];
  return info === "help" ? ["help", ...words.slice(0, 1)] : words;
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { name } = command.meta;
  const operand = operandOf(command);
  const stray = operands[operand === undefined ? 0 : 1];
  if (stray !== undefined && operand?.isOpenEnded === undefined) {
    throw new UsageError(`unexpected argument ${quoteValue(stray)} after "${name}"`);
  }
  if (operand === undefined) return;
  const { required, words } = operand;
  const [given] = operands;
  const isRight = given === undefined ? !required : (words?.includes(given) ?? true);
  if (isRight) return;
  const expected = words === undefined ? operand.name : `one of ${words.join(", ")}`;
  const found = given === undefined ? "" : `, not ${quoteValue(given)}${didYouMean(given, words ?? [])}`;
  throw new UsageError(`"${name}" needs ${expected}${found}`);
}

function commandHint(word: string): string {
  if (isBooleanText(word)) return " (the value of a flag such as --metrics goes after =, --metrics=true)";
  return didYouMean(word, COMMANDS.keys());
}
