/**
 * The flags in GOCACHEPROG, for the commands that go does not start: what a build uses is what they look at. A flag of
 * the command itself beats them, and they beat the variables, as they do for the program that go starts.
 */
import type { CacheprogLine } from "../../app/doctor/cacheprog-line.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { quoteValue } from "../../lib/text/hide-secrets.ts";
import type { CommandList } from "../command.ts";
import { type CommandLine, checkFlags, readCommandLine } from "../command-line.ts";
import { writeStderr } from "../output.ts";
import { UsageError } from "../usage-error.ts";
import { ALL_OPTIONS } from "./options.ts";
import type { Environment } from "./settings.ts";
import { parseAddress } from "./values.ts";

/** What go would start, and why the program would refuse that. */
export interface CacheprogArguments {
  line: CommandLine;
  problem: string | undefined;
}

/** `flags` and the flags in GOCACHEPROG. Says on stderr when it can't read those, and then ignores them. */
export async function withCacheprogFlags(
  flags: CommandLine["flags"],
  env: Environment,
  commands: CommandList,
): Promise<CommandLine["flags"]> {
  const { namesProgram, readCacheprog } = await import("../../app/doctor/cacheprog-line.ts");
  const cacheprog = readCacheprog(env.GOCACHEPROG || goSetting(env), env);
  if (cacheprog === undefined || namesProgram(cacheprog, process.execPath) === "other") return flags;
  const { line, problem } = await readCacheprogArguments(cacheprog, commands);
  if (problem !== undefined) {
    writeStderr(`go-cache-plugin: the flags in GOCACHEPROG are not used: ${problem}\n`);
  }
  return joinFlags(line, flags);
}

/** Those of all commands in `cacheprog`, then `own`, which win. */
export function joinFlags(cacheprog: CommandLine, own: CommandLine["flags"]): CommandLine["flags"] {
  const common = [...cacheprog.flags].filter(([name]) => ALL_OPTIONS.some(({ flag }) => flag === name));
  return new Map([...common, ...own]);
}

/** Parses the arguments; the result is empty if the program would reject them. */
export async function readCacheprogArguments(
  { args }: Pick<CacheprogLine, "args">,
  commands: CommandList,
): Promise<CacheprogArguments> {
  const nothing: CommandLine = { flags: new Map(), words: [], asked: undefined };
  try {
    const line = await readCommandLine(args, commands);
    const [command, address] = line.words;
    const isForGo = command === undefined || command === "connect" || command === "direct";
    if (!isForGo || line.asked !== undefined) {
      return { line: nothing, problem: `${quoteValue(command ?? `--${line.asked}`)} does not serve go` };
    }
    await checkFlags(line, commands);
    if (command === "connect" && address !== undefined) parseAddress(address, "connect");
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
