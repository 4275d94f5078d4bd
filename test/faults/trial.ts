/** One round of go commands with the executable during a fault, and its verdict. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, commandLine, gocacheprog, s3Flags } from "../support/binary.ts";
import { wrongOutputs } from "../support/file-tree.ts";
import type { Machine } from "../support/machine.ts";
import { type PluginServer, startPluginServer } from "../support/plugin-server.ts";
import { settled } from "../support/settled.ts";
import { differences, linesOf, type Played, play } from "./play.ts";
import type { Alone, CaseBucket, Layout, Stage } from "./stage.ts";

export const MODES = ["direct", "serve"] as const;

/** How the executable is used. */
export interface Setting {
  layout: Layout;
  mode: (typeof MODES)[number];
}

/** The verdict of one run. */
export interface Verdict {
  exitCodes: number[];
  /** Results with other bytes than without a cache. */
  wrong: string[];
  /** The maximum of lines on stderr of a session, or of the server. */
  stderrLines: number;
  seconds: number;
  /** The same without a cache; default: one round. */
  alone?: Alone;
  /** How often the fault occurred, if more than once. */
  runs?: number;
  /** Details for the search of the reason. */
  notes: string[];
}

export interface SiteOptions extends Setting {
  /** The endpoint of the bucket; default: the server itself. */
  endpoint?: string | undefined;
  /** Default: one with a copy of the stock. It is removed in the end. */
  bucket?: CaseBucket | undefined;
  /** Further flags of the process that uses the bucket. */
  flags?: string[];
  /** The directory of the machine's disk; default: in the stage's directory. */
  home?: string | undefined;
  /** Further flags of `connect`, in serve mode. */
  connectFlags?: string[];
  /** Words before the executable, for the process that uses the bucket. */
  wrapper?: string[];
  env?: Record<string, string>;
}

/** A machine with the executable, and in serve mode a server. Disposing it removes everything. */
export interface Site extends AsyncDisposable {
  machine: Machine;
  /** `undefined` in direct mode. */
  server: PluginServer | undefined;
  /** Starts a server in place of one that has ended. */
  restartServer(): Promise<void>;
  /** A path for a program. */
  out: string;
  /** Waits for helpers and ends the server. Returns its lines on stderr, and how long its end took. */
  end(): Promise<{ stderr: string[]; exitCodes: number[]; seconds: number }>;
  /** Files in the machine's caches with other bytes than their names promise. */
  wrongFiles(): string[];
}

export async function openSite(stage: Stage, options: SiteOptions): Promise<Site> {
  const { layout, mode, wrapper = [] } = options;
  const name = stage.newName();
  const home = options.home ?? stage.dir.join(name, "home");
  const temp = stage.dir.join(name, "tmp");
  mkdirSync(temp, { recursive: true });
  const { bucket, prefix } = options.bucket ?? (await stage.newBucket(layout));
  const endpoint = options.endpoint ?? stage.s3.endpoint;
  const flags = [...s3Flags({ bucket, endpoint }, { layout, prefix }), ...(options.flags ?? [])];
  const env = { ...stage.s3.env, TMPDIR: temp, ...options.env };
  const machine = await stage.machine(home, env);
  const startServer = (plugin: string) =>
    startPluginServer({ cacheDir: machine.cacheDir, plugin, flags, env, wrapper, cwd: temp });
  let server = mode === "serve" ? await startServer("0") : undefined;
  machine.cacheprog =
    server === undefined
      ? commandLine([...wrapper, binaryPath(), ...flags])
      : gocacheprog("connect", server.plugin, ...(options.connectFlags ?? []));
  return {
    machine,
    get server() {
      return server;
    },
    async restartServer() {
      if (server !== undefined) server = await startServer(server.plugin);
    },
    out: stage.dir.join(name, "program"),
    async end() {
      await settled(machine);
      if (server === undefined) return { stderr: [], exitCodes: [], seconds: 0 };
      const startedMs = performance.now();
      const { stderr, exitCode } = await server.stop();
      const seconds = (performance.now() - startedMs) / 1000;
      return { stderr: linesOf(stderr), exitCodes: [exitCode], seconds };
    },
    wrongFiles: () =>
      [machine.cacheDir, join(temp, `go-cache-plugin-${process.getuid?.()}`)].flatMap(wrongOutputs),
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
      await settled(machine);
      rmSync(stage.dir.join(name), { recursive: true, force: true, maxRetries: 5 });
      rmSync(join(stage.s3.dataDir, bucket), {
        recursive: true,
        force: true,
        maxRetries: 5,
      });
    },
  };
}

/** Runs a round on a new machine; `during` runs meanwhile. */
export async function trial(
  stage: Stage,
  options: SiteOptions,
  during: (site: Site) => Promise<unknown> = async () => {},
): Promise<Verdict> {
  await using site = await openSite(stage, options);
  const [played] = await Promise.all([play(site.machine, stage.project, site.out), during(site)]);
  return await judge(stage, site, [played]);
}

/** The verdict on rounds on `site`. Ends `site`. */
export async function judge(stage: Stage, site: Site, rounds: Played[]): Promise<Verdict> {
  const end = await site.end();
  const sessions = [...rounds.flatMap(({ stderr }) => stderr), end.stderr];
  return {
    exitCodes: [...rounds.flatMap(({ exitCodes }) => exitCodes), ...end.exitCodes],
    wrong: [...rounds.flatMap((played) => differences(played, stage.reference)), ...site.wrongFiles()],
    stderrLines: Math.max(...sessions.map(({ length }) => length)),
    seconds: Math.max(...rounds.map(({ seconds }) => seconds)) + end.seconds,
    notes: sessions.flat(),
  };
}
