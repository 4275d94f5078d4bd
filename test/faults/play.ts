/** One round of everyday go commands, and whether its results are the same as without a cache. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { type GoMachine, go } from "../support/go-toolchain.ts";
import { sha256Hex } from "../support/ids.ts";
import { run } from "../support/process.ts";

/** The results of a round. */
export interface Played {
  exitCodes: number[];
  /** The files and output of each successful command: command → name → SHA-256 or text. */
  made: Record<string, Record<string, string>>;
  /** Each command's lines on stderr, except go's own lines about waiting. */
  stderr: string[][];
  /** The total time of the commands. */
  seconds: number;
}

const EXPORTS = "{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}";

/** go's own line every few seconds about a helper that is slow, or stopped. */
const GO_WAITS = "# still waiting for GOCACHEPROG ";

/** Builds `cwd` into the file `out` and runs it, tests, vets, and reads all exported files. */
export async function play(machine: GoMachine, cwd: string, out: string): Promise<Played> {
  const played: Played = { exitCodes: [], made: {}, stderr: [], seconds: 0 };
  const command = async (args: string[], made: (stdout: string) => Promise<Record<string, string>>) => {
    const { exitCode, stdout, stderr, elapsedMs } = await go(machine, args, { cwd });
    played.exitCodes.push(exitCode);
    played.stderr.push(linesOf(stderr).filter((line) => !line.startsWith(GO_WAITS)));
    played.seconds += elapsedMs / 1000;
    if (exitCode === 0) played.made[args[0] ?? ""] = await made(stdout);
  };
  await command(["build", "-o", out, "."], () => programFacts(out));
  await command(["test", "./..."], async (stdout) => ({ stdout: withoutTimes(stdout) }));
  await command(["vet", "./..."], async (stdout) => ({ stdout }));
  await command(["list", "-export", "-deps", "-f", EXPORTS, "./..."], async (stdout) => exportFacts(stdout));
  return played;
}

/** The results that differ from `reference`, without missing ones. */
export function differences({ made }: Played, reference: Played): string[] {
  return Object.entries(made).flatMap(([command, facts]) => {
    const expected = reference.made[command] ?? {};
    const names = new Set([...Object.keys(expected), ...Object.keys(facts)]);
    return [...names].filter((name) => facts[name] !== expected[name]).map((name) => `${command}: ${name}`);
  });
}

/** A command's output, line by line. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

async function programFacts(path: string): Promise<Record<string, string>> {
  const { stdout, exitCode } = await run([path]);
  const facts = { program: sha256Hex(readFileSync(path)), stdout, exitCode: String(exitCode) };
  rmSync(path);
  return facts;
}

function withoutTimes(stdout: string): string {
  return stdout.replaceAll(/\t(\d+\.\d+s|\(cached\))$/gm, "");
}

/** The compiled packages: the files that the helper returned to go. */
function exportFacts(stdout: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(stdout).map((line) => {
      const [name = "", path = ""] = line.split(" ");
      return [name, existsSync(path) ? sha256Hex(readFileSync(path)) : "gone"];
    }),
  );
}
