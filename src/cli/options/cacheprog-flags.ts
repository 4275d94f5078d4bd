/**
 * The flags in GOCACHEPROG, for commands that go does not start, so that they see the same settings as a build. The
 * command's own flags override them, and they override variables.
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

/** The command line that go would start, and why the program would reject it. */
export interface CacheprogArguments {
  line: CommandLine;
  problem: string | undefined;
}

/** `flags` and the flags in GOCACHEPROG. If those are invalid, ignores them with a message on stderr. */
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
    writeStderr(`go-cache-plugin: the flags in GOCACHEPROG are ignored: ${problem}\n`);
  }
  return joinFlags(line, flags);
}

/** The common flags in `cacheprog`, overridden by `own`. */
export function joinFlags(cacheprog: CommandLine, own: CommandLine["flags"]): CommandLine["flags"] {
  const common = [...cacheprog.flags].filter(([name]) => ALL_OPTIONS.some(({ flag }) => flag === name));
  return new Map([...common, ...own]);
}

/** Parses the arguments; the result is empty if the program would reject them. */
export async function readCacheprogArguments(
  { args }: Pick<CacheprogLine, "args">,
  commands: CommandList,
): Promise<CacheprogArguments> {
  const nothing: CommandLine = { flags: new Map(), words: [], info: undefined };
  try {
    const line = await readCommandLine(args, commands);
    const [command, address] = line.words;
    const isForGo = command === undefined || command === "connect" || command === "direct";
    if (!isForGo || line.info !== undefined) {
      return { line: nothing, problem: `${quoteValue(command ?? `--${line.info}`)} does not serve go` };
    }
    await checkFlags(line, commands);
    if (command === "connect" && address !== undefined) parseAddress(address, "connect");
    return { line, problem: undefined };
  } catch (error) {
    if (error instanceof UsageError) return { line: nothing, problem: describeError(error) };
    throw error;
  }
}

/** The value that `go env -w` set. */
function goSetting(env: Environment): string {
  try {
    const go = Bun.spawnSync(["go", "env", "GOCACHEPROG"], {
      // Keeps go from downloading another release for this.
      env: { ...env, GOTOOLCHAIN: "local" },
      stderr: "ignore",
    });
    return go.stdout.toString().trim();
  } catch {
    return "";
  }
}
