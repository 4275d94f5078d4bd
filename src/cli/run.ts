/**
 * From a command line to a command. citty finds and runs it; what citty lets pass silently (unknown flags, stray
 * words) or would say on stdout, which belongs to go, was refused before it is asked.
 */

import { defineCommand, runCommand } from "citty";
import { quoteValue } from "../lib/text/hide-secrets.ts";
import type { Call } from "./call.ts";
import { type CommandLine, parseCommandLine } from "./command-line.ts";
import { caCommand } from "./commands/ca.ts";
import { completionCommand } from "./commands/completion.ts";
import { connectCommand } from "./commands/connect.ts";
import { directCommand } from "./commands/direct.ts";
import { envCommand } from "./commands/env.ts";
import { gcCommand } from "./commands/gc.ts";
import { helpCommand } from "./commands/help.ts";
import { initCommand } from "./commands/init.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { modCommand } from "./commands/mod.ts";
import { mtimesCommand } from "./commands/mtimes.ts";
import { prefetchCommand } from "./commands/prefetch.ts";
import { pruneCommand } from "./commands/prune.ts";
import { serveCommand } from "./commands/serve.ts";
import { verifyCommand } from "./commands/verify.ts";
import { versionCommand } from "./commands/version.ts";
import { COMMANDS, type CommandInfo } from "./commands.ts";
import { withCacheprogFlags } from "./options/cacheprog-flags.ts";
import { checkCommandFlags } from "./options/command-options.ts";
import type { Environment } from "./options/settings.ts";
import { isBooleanText } from "./options/values.ts";
import { writeStderr } from "./output.ts";
import { didYouMean } from "./text/did-you-mean.ts";
import { UsageError } from "./usage-error.ts";

/** Runs what the arguments say and returns the exit code. Throws a `UsageError` before any side effect. */
export async function runCli(args: readonly string[], env: Environment): Promise<number> {
  const commandLine = parseCommandLine(args);
  const [command, ...operands] = commandWords(commandLine);
  if (command !== undefined) checkCommand(command, operands);
  if (commandLine.asked === undefined) checkCommandFlags(command, commandLine.flags);
  const warn = (message: string) => writeStderr(`go-cache-plugin: ${message}\n`);
  const call: Call = { commandLine: await withCacheprogFlags(commandLine, env, warn), env, exitCode: 0 };
  // "--": citty must not take an operand for a flag.
  await runCommand(rootCommand(call), { rawArgs: command === undefined ? [] : [command, "--", ...operands] });
  return call.exitCode;
}

/** No `run` of its own: citty would run it after the command as well. */
function rootCommand(call: Call) {
  return defineCommand({
    meta: { name: "go-cache-plugin" },
    default: "direct",
    subCommands: {
      direct: () => directCommand(call),
      ca: () => caCommand(call),
      serve: () => serveCommand(call),
      connect: () => connectCommand(call),
      prune: () => pruneCommand(call),
      prefetch: () => prefetchCommand(call),
      gc: () => gcCommand(call),
      inspect: () => inspectCommand(call),
      stats: async () => (await import("./commands/stats.ts")).statsCommand(call),
      explain: async () => (await import("./commands/explain.ts")).explainCommand(call),
      verify: () => verifyCommand(call),
      mod: () => modCommand(call),
      mtimes: () => mtimesCommand(call),
      init: () => initCommand(call),
      env: () => envCommand(call),
      completion: () => completionCommand(call),
      doctor: async () => (await import("./commands/doctor.ts")).doctorCommand(call),
      keygen: async () => (await import("./commands/keygen.ts")).keygenCommand(call),
      help: () => helpCommand(call),
      version: () => versionCommand(call),
    },
  });
}

function commandWords({ words, asked }: CommandLine): string[] {
  if (asked === "version") return ["version"];
  if (asked === "help") return ["help", ...words.slice(0, 1)];
  return [...words];
}

function checkCommand(name: string, operands: readonly string[]): void {
  const command = COMMANDS.get(name);
  if (command === undefined) {
    throw new UsageError(`unknown command ${quoteValue(name)}${commandHint(name)}`);
  }
  const stray = operands[command.maxOperands ?? (command.operand === undefined ? 0 : 1)];
  if (stray !== undefined) {
    throw new UsageError(`unexpected argument ${quoteValue(stray)} after "${name}"`);
  }
  checkOperand(name, command, operands[0]);
}

function checkOperand(
  name: string,
  { operand = "[]", operandWords }: CommandInfo,
  given: string | undefined,
): void {
  const isMissing = given === undefined && !operand.startsWith("[");
  if (!isMissing && (given === undefined || operandWords?.includes(given) !== false)) return;
  const hint = given === undefined ? "" : didYouMean(given, operandWords ?? []);
  const found = given === undefined ? "" : `, not ${quoteValue(given)}${hint}`;
  throw new UsageError(`"${name}" needs ${oneOf(operandWords) ?? operand}${found}`);
}

function oneOf(words: readonly string[] | undefined): string | undefined {
  return words && `one of ${words.join(", ")}`;
}

function commandHint(word: string): string {
  if (isBooleanText(word)) return " (the value of a flag such as --metrics goes after =, --metrics=true)";
  return didYouMean(word, COMMANDS.keys());
}
