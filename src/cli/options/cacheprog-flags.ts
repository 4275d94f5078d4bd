/**
 * The flags in GOCACHEPROG, for the commands that go does not start: what a build uses is what they look at. A flag of
 * the command itself beats them, and they beat the variables, as they do for the program that go starts.
 */
import type { CacheprogLine } from "../../app/doctor/cacheprog-line.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { quoteValue } from "../../lib/text/hide-secrets.ts";
import { type CommandLine, parseCommandLine } from "../command-line.ts";
import { UsageError } from "../usage-error.ts";
import { parseAddress } from "./address-values.ts";
import { checkCommandFlags } from "./command-options.ts";
import { ALL_OPTIONS } from "./options.ts";
import type { Environment } from "./settings.ts";

/** What go would start, and why the program would refuse that. */
export interface CacheprogArguments {
  line: CommandLine;
  problem: string | undefined;
}

/** Commands whose own command line is all there is to know, and `doctor`, which judges GOCACHEPROG itself. */
const WITHOUT = new Set(["direct", "connect", "doctor", "mtimes", "completion", "keygen", "help", "version"]);

/** Adds the flags in GOCACHEPROG. `onProblem`: they can't be read, and count for nothing. */
export async function withCacheprogFlags(
  line: CommandLine,
  env: Environment,
  onProblem: (message: string) => void,
): Promise<CommandLine> {
  const [command] = line.words;
  if (command === undefined || WITHOUT.has(command) || line.asked !== undefined) return line;
  const { namesProgram, readCacheprog } = await import("../../app/doctor/cacheprog-line.ts");
  const cacheprog = readCacheprog(env.GOCACHEPROG || goSetting(env), env);
  if (cacheprog === undefined || namesProgram(cacheprog, process.execPath) === "other") return line;
  const { line: given, problem } = readCacheprogArguments(cacheprog);
  if (problem !== undefined) onProblem(`the flags in GOCACHEPROG are not used: ${problem}`);
  return { ...line, flags: joinFlags(given, line.flags) };
}

/** Those of all commands in `cacheprog`, then `own`, which win. */
export function joinFlags(cacheprog: CommandLine, own: CommandLine["flags"]): CommandLine["flags"] {
  const common = [...cacheprog.flags].filter(([name]) => ALL_OPTIONS.some(({ flag }) => flag === name));
  return new Map([...common, ...own]);
}

/** Reads the arguments; there are none where the program would refuse them. */
export function readCacheprogArguments({ args }: Pick<CacheprogLine, "args">): CacheprogArguments {
  const nothing: CommandLine = { flags: new Map(), words: [], asked: undefined };
  try {
    const line = parseCommandLine(args);
    const [command] = line.words;
    const isForGo = command === undefined || command === "connect" || command === "direct";
    if (!isForGo || line.asked !== undefined) {
      return { line: nothing, problem: `${quoteValue(command ?? `--${line.asked}`)} does not serve go` };
    }
    checkCommandFlags(command, line.flags);
    if (command === "connect" && line.words[1] !== undefined) parseAddress(line.words[1], "connect");
    return { line, problem: undefined };
  } catch (error) {
    if (error instanceof UsageError) return { line: nothing, problem: describeError(error) };
    throw error;
  }
}

/** What `go env -w` has set. */
function goSetting(env: Environment): string {
  try {
    const go = Bun.spawnSync(["go", "env", "GOCACHEPROG"], {
      // No other release of go is fetched for this.
      env: { ...env, GOTOOLCHAIN: "local" },
      stderr: "ignore",
    });
    return go.stdout.toString().trim();
  } catch {
    return "";
  }
}
