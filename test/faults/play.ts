/** One round of everyday go commands, and whether it came to the same as without a cache. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { type GoMachine, go } from "../support/go-toolchain.ts";
import { sha256Hex } from "../support/ids.ts";
import { run } from "../support/process.ts";

/** What a round came to. */
export interface Played {
  exitCodes: number[];
  /** What each command that succeeded made and said: command → what → SHA-256 or text. */
  made: Record<string, Record<string, string>>;
  /** Each command's lines on stderr, but for go's own of its waiting. */
  stderr: string[][];
  /** What the commands took together. */
  seconds: number;
}

const EXPORTS = "{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}";

/** What go itself says every few seconds of a helper that is slow, or stopped. */
const GO_WAITS = "# still waiting for GOCACHEPROG ";

/** Builds `cwd` into the file `out` and runs that, tests, vets, and reads everything that go exports. */
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

/** What differs from `reference`, of what was made at all. */
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

/** The packages' compiled forms: the very files that go was handed. */
function exportFacts(stdout: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(stdout).map((line) => {
      const [name = "", path = ""] = line.split(" ");
      return [name, existsSync(path) ? sha256Hex(readFileSync(path)) : "gone"];
    }),
  );
}
