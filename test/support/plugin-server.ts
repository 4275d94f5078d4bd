/** The compiled executable as a server. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "./binary.ts";
import { type Outcome, plainEnv, type Running, start } from "./process.ts";

/** A server that is ready. Disposing it kills it. */
export interface PluginServer extends AsyncDisposable {
  /** The address for `connect`. */
  readonly plugin: string;
  /** `http://127.0.0.1:<port>`. */
  readonly http: string;
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
  signal(name: NodeJS.Signals): void;
  /** Stops it, and waits for its end. */
  stop(): Promise<Outcome>;
  /** Its peak resident memory (VmHWM). */
  peakBytes(): number;
  /** Its current resident memory. */
  residentBytes(): number;
  descriptors(): number;
}

export interface PluginServerOptions {
  cacheDir: string;
  /** The subdirectory that the server uses if there are trusted keys. */
  root?: string;
  /** Default: a free port. */
  plugin?: string;
  /** The same. */
  http?: string;
  flags?: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Words that go before the command. */
  wrapper?: string[];
}

/** Starts a server and waits until it is ready. */
export async function startPluginServer(options: PluginServerOptions): Promise<PluginServer> {
  const { cacheDir, plugin = "0", http = "0", flags = [], env = {}, cwd, wrapper = [] } = options;
  const addresses = [`--plugin=${plugin}`, `--http=${http}`];
  const argv = [...wrapper, binaryPath(), "serve", ...addresses, `--cache-dir=${cacheDir}`, ...flags];
  const running = start(argv, {
    env: plainEnv({ ...GO_ENV, ...env }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  try {
    const note = await noteOf(options.root ?? cacheDir, running);
    const status = (name: string) => {
      const text = readFileSync(`/proc/${running.pid}/status`, "utf8");
      return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) * 1024;
    };
    return {
      plugin: note.plugin,
      http: `http://${note.http}`,
      pid: running.pid,
      outcome: running.outcome,
      signal: running.signal,
      stop: async () => {
        running.signal("SIGTERM");
        const outcome = await running.outcome;
        return { ...outcome, stderr: withoutGreeting(outcome.stderr) };
      },
      peakBytes: () => status("VmHWM"),
      residentBytes: () => status("VmRSS"),
      descriptors: () => readdirSync(`/proc/${running.pid}/fd`).length,
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    };
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

/** The output of a server when it is ready: its addresses, and the variables to export. */
const GREETING = /^go-cache-plugin: listening on .*\n(?: {2}export .*\n)*/m;

function withoutGreeting(stderr: string): string {
  return stderr.replace(GREETING, "");
}

/** Waits until all puts are in the bucket: the server uploads in the background. */
export async function untilStored(server: PluginServer): Promise<void> {
  await untilMetric(server, 'upload_queue{part="builds"} 0');
}

/** Waits until the server stops uploading because the bucket refuses or fails. */
export async function untilRefused(server: PluginServer): Promise<void> {
  await untilMetric(server, 'breaker_open{side="writes"} 1');
}

async function untilMetric({ http }: PluginServer, line: string): Promise<void> {
  const metrics = async () => await (await fetch(`${http}/metrics`)).text();
  while (!(await metrics()).includes(`${line}\n`)) await Bun.sleep(20);
}

/** Avoids a call of go; no links can be made there. */
const GO_ENV = { GOCACHE: "/dev/null/gocache", GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

/** The file that the server writes when it is ready. */
async function noteOf(cacheDir: string, running: Running): Promise<{ plugin: string; http: string }> {
  let ended: Outcome | undefined;
  void running.outcome.then((outcome) => {
    ended = outcome;
  });
  while (ended === undefined) {
    const note = findNote(join(cacheDir, "state"), running.pid);
    if (note !== undefined) return note;
    await Bun.sleep(5);
  }
  throw new Error(`the server did not start: ${ended.stderr}`);
}

function findNote(stateDir: string, pid: number): { plugin: string; http: string } | undefined {
  try {
    const names = readdirSync(stateDir).filter((name) => /^serve-\w+\.json$/.test(name));
    const notes = names.map((name) => JSON.parse(readFileSync(join(stateDir, name), "utf8")));
    return notes.find((note) => note.pid === pid);
  } catch {
    return undefined;
  }
}
