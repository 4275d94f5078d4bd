/** The settings of a go command, as `doctor` checks them, and findings about them. */
import { type CacheprogLine, namesProgram } from "../../app/doctor/cacheprog-line.ts";
import type { CacheprogUse, CheckedFinding } from "../../app/doctor/check.ts";
import type { CommandList } from "../command.ts";
import type { CommandLine } from "../command-line.ts";
import { startNotes, unknownVariables } from "../text/start-notes.ts";
import { UsageError } from "../usage-error.ts";
import { joinFlags, readCacheprogArguments } from "./cacheprog-flags.ts";
import type { CommonOption } from "./option.ts";
import { ALL_OPTIONS, OPTION_GROUPS, type Settings } from "./options.ts";
import { type Environment, resolveSettings } from "./settings.ts";
import { parseAddress, parseBoolean } from "./values.ts";

/** `flags`: those of `doctor` itself, which override those in GOCACHEPROG. */
export async function resolveDoctorSettings(options: {
  flags: ReadonlyMap<string, string>;
  cacheprog: CacheprogLine | undefined;
  program: string;
  env: Environment;
  commands: CommandList;
}): Promise<{
  settings: Settings;
  cacheprogUse: CacheprogUse;
  /** The invalid source of settings that keeps the bucket from being checked. */
  unread: string | undefined;
  findings: CheckedFinding[];
}> {
  const { flags, cacheprog, program, env, commands } = options;
  const isOurs = cacheprog !== undefined && namesProgram(cacheprog, program) !== "other";
  const { line, problem } = await readCacheprogArguments(isOurs ? cacheprog : { args: [] }, commands);
  const given = joinFlags(line, flags);
  const { readable, unreadable, findings } = readableVariables(env);
  const bucketOptions: readonly CommonOption[] = Object.values(OPTION_GROUPS.bucket);
  const ofBucket = unreadable.find((option) => bucketOptions.includes(option) && !given.has(option.flag));
  const unread = problem === undefined ? ofBucket?.env : "the flags in GOCACHEPROG";
  const settings = resolveSettings(given, readable);
  for (const note of unknownVariables(env)) findings.push(finding("warning", note, "rename or unset it"));
  for (const note of startNotes(settings, {})) findings.push(finding("note", note));
  if (findings.length === 0) findings.push(finding("ok", "flags and variables are valid"));
  return { settings, cacheprogUse: { problem, server: serverOf(line, settings) }, unread, findings };
}

/** The variables without the invalid ones. */
function readableVariables(env: Environment): {
  readable: Environment;
  unreadable: CommonOption[];
  findings: CheckedFinding[];
} {
  const findings: CheckedFinding[] = [];
  const unreadable: CommonOption[] = [];
  const readable = { ...env };
  for (const option of ALL_OPTIONS) {
    const { env: name, parse } = option;
    try {
      if (env[name]) parse(env[name], name);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      findings.push(
        finding("error", `${error.message}, so every go command fails`, `correct or unset ${name}`),
      );
      unreadable.push(option);
      readable[name] = undefined;
    }
  }
  return { readable, unreadable, findings };
}

function serverOf(
  { words: [command, operand], flags }: CommandLine,
  { plugin }: Settings,
): CacheprogUse["server"] {
  const address = operand === undefined ? plugin : parseAddress(operand, "connect");
  if (address === undefined || address.kind === "systemd") return undefined;
  const isFallback = parseBoolean(flags.get("fallback") ?? "false", "--fallback");
  return { address, isUsed: command === "connect", isFallback };
}

function finding(severity: CheckedFinding["severity"], message: string, remedy?: string): CheckedFinding {
  return { check: "settings", severity, message, ...(remedy === undefined ? {} : { remedy }) };
}
