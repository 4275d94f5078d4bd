/** The message and exit code for an error that ends the program. */
import { describeError, withoutContent } from "../lib/text/describe-error.ts";
import { hideSecrets } from "../lib/text/hide-secrets.ts";
import { readCommandLine } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { type Environment, resolveSettings } from "./options/settings.ts";
import { USAGE_LINE, UsageError } from "./usage-error.ts";

/** Usage errors: the message and where to find help, exit code 2. Others: one line, the stack with `--debug`, 1. */
export async function explainFailure(
  error: unknown,
  args: readonly string[],
  env: Environment,
): Promise<{ text: string; exitCode: number }> {
  // One line, whatever an argument contains.
  const line = `go-cache-plugin: ${describeError(error).replaceAll(/\p{Cc}+/gu, " ")}\n`;
  if (error instanceof UsageError) return { text: line + usageLines(await commandOf(args)), exitCode: 2 };
  const stack =
    error instanceof Error && (await isDebugging(args, env))
      ? hideSecrets(withoutContent(`${error.stack}\n`))
      : "";
  return { text: line + stack, exitCode: 1 };
}

/** The lines below the message of a usage error: what to do next. */
function usageLines(command: string | undefined): string {
  if (command === undefined) return `${USAGE_LINE}\nrun "go-cache-plugin help" for the flags\n`;
  return `run "go-cache-plugin help ${command}" for its flags and examples\n`;
}

/** The first word, if it is a command with a help page about its flags. */
async function commandOf(args: readonly string[]): Promise<string | undefined> {
  const word = args.find((arg) => !arg.startsWith("-")) ?? "";
  const command = await COMMANDS.get(word)?.();
  return command === undefined || command.meta.group === undefined || word === "help" ? undefined : word;
}

async function isDebugging(args: readonly string[], env: Environment): Promise<boolean> {
  try {
    const { flags } = await readCommandLine(args, COMMANDS);
    return resolveSettings(flags, env).debug !== 0;
  } catch {
    return false;
  }
}
