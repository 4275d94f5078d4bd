/** The settings that a go command would have, with which `doctor` looks, and what is wrong with them. */
import { type CacheprogLine, namesProgram } from "../app/doctor/cacheprog-line.ts";
import type { CacheprogUse, CheckedFinding } from "../app/doctor/check.ts";
import { parseAddress } from "./address-values.ts";
import { type CommandLine, parseCommandLine } from "./command-line.ts";
import { checkCommandFlags, resolveCommandSettings } from "./command-options.ts";
import { ALL_OPTIONS, type Settings } from "./options.ts";
import { type Environment, resolveSettings } from "./settings.ts";
import { startNotes, unknownVariables } from "./start-notes.ts";
import { UsageError } from "./usage-error.ts";

/** `flags`: those of `doctor` itself, which go before those in GOCACHEPROG. */
export function resolveDoctorSettings(options: {
  flags: ReadonlyMap<string, string>;
  cacheprog: CacheprogLine | undefined;
  program: string;
  env: Environment;
}): { settings: Settings; cacheprogUse: CacheprogUse; findings: CheckedFinding[] } {
  const { flags, cacheprog, program, env } = options;
  const isOurs = cacheprog !== undefined && namesProgram(cacheprog, program) !== "other";
  const { line, problem } = readArguments(isOurs ? cacheprog.args : []);
  const { readable, findings } = readableVariables(env);
  const settings = resolveSettings(new Map([...line.flags, ...flags]), readable);
  for (const note of unknownVariables(env)) findings.push(finding("warning", note, "rename or unset it"));
  for (const note of startNotes(settings, {})) findings.push(finding("note", note));
  if (findings.length === 0) findings.push(finding("ok", "flags and variables can be read"));
  return { settings, cacheprogUse: { problem, server: serverOf(line, settings) }, findings };
}

/** What go would start; nothing where the program would refuse it. */
function readArguments(args: readonly string[]): { line: CommandLine; problem: string | undefined } {
  const nothing: CommandLine = { flags: new Map(), words: [], asked: undefined };
  try {
    const line = parseCommandLine(args);
    const [command] = line.words;
    const isForGo = command === undefined || command === "connect" || command === "direct";
    if (!isForGo || line.asked !== undefined) {
      return { line: nothing, problem: `${JSON.stringify(command ?? `--${line.asked}`)} does not serve go` };
    }
    checkCommandFlags(command, line.flags);
    if (command === "connect" && line.words[1] !== undefined) parseAddress(line.words[1], "connect");
    return { line, problem: undefined };
  } catch (error) {
    if (error instanceof UsageError) return { line: nothing, problem: error.message };
    throw error;
  }
}

/** The variables without those that every command would refuse. */
function readableVariables(env: Environment): { readable: Environment; findings: CheckedFinding[] } {
  const findings: CheckedFinding[] = [];
  const readable = { ...env };
  for (const { env: name, parse } of ALL_OPTIONS) {
    try {
      if (env[name]) parse(env[name], name);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      findings.push(
        finding("error", `${error.message}, so every go command fails`, `correct or unset ${name}`),
      );
      readable[name] = undefined;
    }
  }
  return { readable, findings };
}

function serverOf(
  { words: [command, operand], flags }: CommandLine,
  { plugin }: Settings,
): CacheprogUse["server"] {
  const address = operand === undefined ? plugin : parseAddress(operand, "connect");
  if (address === undefined || address.kind === "systemd") return undefined;
  const { isFallback } = resolveCommandSettings(flags, "connect");
  return { address, isUsed: command === "connect", isFallback };
}

function finding(severity: CheckedFinding["severity"], message: string, remedy?: string): CheckedFinding {
  return { check: "settings", severity, message, ...(remedy === undefined ? {} : { remedy }) };
}
