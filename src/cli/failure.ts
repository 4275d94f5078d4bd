/** What is said about an error that ended the program, and its exit code. */
import { describeError, withoutContent } from "../lib/text/describe-error.ts";
import { hideSecrets } from "../lib/text/hide-secrets.ts";
import { parseCommandLine } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { type Environment, resolveSettings } from "./options/settings.ts";
import { usageLines } from "./text/usage-text.ts";
import { UsageError } from "./usage-error.ts";

/** A usage error: the message and where to read on, 2. Anything else: one line, the stack with `--debug`, 1. */
export function explainFailure(
  error: unknown,
  args: readonly string[],
  env: Environment,
): { text: string; exitCode: number } {
  // One line whatever an argument held.
  const line = `go-cache-plugin: ${describeError(error).replaceAll(/\p{Cc}+/gu, " ")}\n`;
  if (error instanceof UsageError) return { text: line + usageLines(commandOf(args)), exitCode: 2 };
  const stack =
    error instanceof Error && isDebugging(args, env) ? hideSecrets(withoutContent(`${error.stack}\n`)) : "";
  return { text: line + stack, exitCode: 1 };
}

/** The first word, where it is a command with a help of its own. */
function commandOf(args: readonly string[]): string | undefined {
  const word = args.find((arg) => !arg.startsWith("-"));
  return word !== undefined &&
    word !== "help" &&
    COMMANDS.get(word)?.hidden === undefined &&
    COMMANDS.has(word)
    ? word
    : undefined;
}

function isDebugging(args: readonly string[], env: Environment): boolean {
  try {
    return resolveSettings(parseCommandLine(args).flags, env).debug !== 0;
  } catch {
    return false;
  }
}
