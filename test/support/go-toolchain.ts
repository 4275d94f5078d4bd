/** Real `go` commands of several releases, in an environment without the user's settings. */
import { delimiter, join } from "node:path";
import { plainEnv, type Running, run, type SpawnOptions, start } from "./process.ts";
import { tempDir } from "./temp-dir.ts";

/** One release of each Go version that supports GOCACHEPROG. */
export const GO_RELEASES = ["1.24.13", "1.25.12", "1.26.10", "1.27.4"] as const;

export type GoRelease = (typeof GO_RELEASES)[number];

/** The release for tests that need only one. */
export const NEWEST_GO: GoRelease = "1.27.4";

/** A release that does not support it. */
export const OLD_GO = "1.23.12";

/** The first release that fetches others. */
export const OLDEST_GO = "1.21.13";

/** Nothing of the user's. */
const PLAIN = { GOENV: "off", GOFLAGS: "", GOWORK: "off" };

/** A finished `go` command. */
export interface GoOutcome {
  stdout: string;
  stderr: string;
  exitCode: number;
  elapsedMs: number;
}

/** The common settings of one machine's `go` commands. */
export interface GoMachine {
  release: GoRelease;
  gocache: string;
  /** Value of GOCACHEPROG; `undefined`: go's own cache. */
  cacheprog?: string | undefined;
  env?: Record<string, string>;
}

/** Runs one `go` command to its end, in `cwd`. */
export async function go(machine: GoMachine, args: string[], options: SpawnOptions = {}): Promise<GoOutcome> {
  const startedMs = performance.now();
  const outcome = await run(["go", ...args], { ...options, env: await goEnv(machine) });
  return { ...outcome, elapsedMs: Math.round(performance.now() - startedMs) };
}

/** Starts one `go` command, in a process group of its own as a shell does. */
export async function startGo(
  machine: GoMachine,
  args: string[],
  options: SpawnOptions = {},
): Promise<Running> {
  return start(["go", ...args], { ...options, env: await goEnv(machine), detached: true });
}

/**
 * The whole environment of a `go` command on `machine`, where its release is the installed one: `save` would store a release
 * that go switches to. C code is off unless `env` turns it on.
 */
export async function goEnv(machine: GoMachine): Promise<Record<string, string>> {
  return plainEnv({
    ...(await machineGoEnv()),
    ...PLAIN,
    PATH: await pathWithGo(machine.release),
    GOTOOLCHAIN: "local",
    GOCACHE: machine.gocache,
    // Not those of whoever runs the tests.
    GOLANGCI_LINT_CACHE: `${machine.gocache}-golangci-lint`,
    STATICCHECK_CACHE: `${machine.gocache}-staticcheck`,
    CGO_ENABLED: "0",
    ...(machine.cacheprog === undefined ? {} : { GOCACHEPROG: machine.cacheprog }),
    ...machine.env,
  });
}

let machineEnv: Promise<Record<string, string>> | undefined;

/** This machine's own settings for fetching modules, read once. */
export function machineGoEnv(): Promise<Record<string, string>> {
  machineEnv ??= askMachineGoEnv();
  return machineEnv;
}

async function askMachineGoEnv(): Promise<Record<string, string>> {
  const names = ["GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE"];
  if (Bun.which("go") === null) throw new Error("no go on the PATH; install Go 1.21 or newer");
  const { stdout, stderr, exitCode } = await run(["go", "env", "-json", ...names], {
    env: { ...(process.env as Record<string, string>) },
  });
  if (exitCode !== 0) throw new Error(`go env: ${stderr}`);
  return JSON.parse(stdout) as Record<string, string>;
}

/** The value of PATH where a release is the installed one. */
export async function pathWithGo(release: string): Promise<string> {
  return [join(await goRoot(release), "bin"), process.env.PATH].join(delimiter);
}

const roots = new Map<string, Promise<string>>();

/** The directory of a release, fetched at the first call on this machine. */
export function goRoot(release: string = NEWEST_GO): Promise<string> {
  const root = roots.get(release) ?? fetchRoot(release);
  roots.set(release, root);
  return root;
}

async function fetchRoot(release: string): Promise<string> {
  await using dir = tempDir("goroot");
  const env = plainEnv({
    ...(await machineGoEnv()),
    ...PLAIN,
    GOTOOLCHAIN: `go${release}`,
    GOCACHE: dir.join("cache"),
  });
  const { exitCode, stdout, stderr } = await run(["go", "env", "GOROOT"], { env, cwd: dir.path });
  if (exitCode !== 0) throw new Error(`go ${release} can't be fetched: ${stderr}`);
  return stdout.trim();
}

/** How many packages a command with `-x` compiled. */
export function countCompiles(outcome: { stderr: string }): number {
  return outcome.stderr.match(/^\S*\/compile -o /gm)?.length ?? 0;
}

/** Counters that `--metrics=json` printed, summed over all helpers of one command. */
export function metricsOf(outcome: { stderr: string }): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const line of outcome.stderr.split("\n")) {
    const json = line.startsWith("{") ? line : line.replace(/^go-cache-plugin: (?=\{)/, "");
    if (!json.startsWith("{")) continue;
    for (const [name, value] of Object.entries(JSON.parse(json) as Record<string, number>)) {
      sum[name] = (sum[name] ?? 0) + value;
    }
  }
  return sum;
}

/** The helper's lines on stderr. */
export function helperLines(outcome: { stderr: string }): string[] {
  return outcome.stderr.split("\n").filter((line) => line.includes("go-cache-plugin: "));
}
