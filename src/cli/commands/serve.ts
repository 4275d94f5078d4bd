/** `go-cache-plugin serve`: one process for many go commands. */
import type { Config } from "../../app/config.ts";
import type { ServerNote } from "../../app/serve/server-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { type Call, declareCommand } from "../command.ts";
import { flagWords } from "../options/flag-words.ts";
import { ALL_OPTIONS, type Settings } from "../options/options.ts";
import { type Environment, resolveSettings, toConfig } from "../options/settings.ts";
import { parseBoolean, parsePath } from "../options/values.ts";
import { makeLogger, writeStderr, writeStdout } from "../output.ts";
import { programName } from "../text/program-name.ts";
import { watchProgress } from "../text/progress-line.ts";
import { goWord } from "../text/quote.ts";
import { serverExports } from "../text/server-exports.ts";
import { startNotes } from "../text/start-notes.ts";
import { versionLine } from "../text/version-line.ts";
import { UsageError } from "../usage-error.ts";

const PRUNE_FLAGS = ["max-size", "expiry"];
const COMMON_FLAGS = ALL_OPTIONS.map(({ flag }) => flag);

/** Runs until a signal ends it; with --detach, --stop, --status or --heap returns when that is done. */
export const serveCommand = declareCommand({
  meta: {
    name: "serve",
    group: "use",
    description: "serve many go commands, and the HTTP services of --http, from one process",
  },
  options: {
    isDetached: {
      flag: "detach",
      default: "false",
      meaning:
        "return when the server is ready; it runs in the background and logs to state/ in the cache directory",
      parse: parseBoolean,
    },
    isStop: {
      flag: "stop",
      default: "false",
      meaning: "stop the server that --detach started; returns when its uploads are done",
      parse: parseBoolean,
    },
    isStatus: {
      flag: "status",
      default: "false",
      meaning: "show whether a server runs; exit code 1 if none does",
      parse: parseBoolean,
    },
    heapFile: {
      flag: "heap",
      placeholder: "FILE",
      default: "",
      meaning:
        "write a heap snapshot of a running server to FILE, for Chromium's developer tools; it contains secrets",
      parse: parsePath,
    },
  },
  examples: [
    "go-cache-plugin serve --plugin=5930 --bucket=my-bucket",
    "go-cache-plugin serve --detach --plugin=/tmp/go-cache.sock --http=5970",
    "go-cache-plugin serve --status",
    "go-cache-plugin serve --heap=server.heapsnapshot",
    "go-cache-plugin serve --stop",
  ],
  run: async ({ options: { isDetached, isStop, isStatus, heapFile }, flags, env }) => {
    const settings = resolveSettings(flags, env);
    const config = toConfig(settings);
    if (isStop) return await stop(config, env);
    if (isStatus) return await status(config, env);
    if (heapFile !== undefined) return await heap(config, env, heapFile);
    checkAddresses(settings);
    checkTrust(settings);
    return isDetached ? await detach(flags, config, env) : await serve({ flags, env }, settings);
  },
});

async function serve({ flags, env }: Pick<Call, "flags" | "env">, settings: Settings): Promise<number> {
  const config = toConfig(settings);
  const log = makeLogger(settings);
  for (const note of config.verbose ? startNotes(settings, env) : []) log.info(() => note);
  const { runServe } = await import("../../app/serve/serve.ts");
  const pruneAside = async (root: string) => {
    const words = ["prune", `--cache-dir=${root}`, ...flagWords(flags, PRUNE_FLAGS)];
    await Bun.spawn([process.execPath, ...words], { env, stdio: ["ignore", "ignore", "ignore"] }).exited;
  };
  return await runServe(config, {
    env,
    log,
    watchProgress: watchProgress(env),
    pruneAside,
    version: versionLine(),
    onReady: (server) => announce(server, settings, log),
  });
}

/** On stderr, for the person who waits. JSON lines omit the exports for a shell. */
function announce(
  { plugin, http }: Pick<ServerNote, "plugin" | "http">,
  { logFormat, modproxy }: Settings,
  log: Logger,
): void {
  const places = [plugin && `${plugin} (go commands)`, http && `${http} (HTTP)`].filter(Boolean);
  log.say(`listening on ${places.join(" and ")}`);
  if (logFormat === "json") return;
  for (const line of serverExports({ program: goWord(programName()), plugin, http, modproxy })) {
    log.print(`  ${line}`);
  }
}

async function detach(flags: ReadonlyMap<string, string>, config: Config, env: Environment): Promise<number> {
  const { startDetached } = await import("../../app/serve/control.ts");
  const command = [process.execPath, "serve", ...flagWords(flags, COMMON_FLAGS)];
  const { note, log, wasRunning } = await startDetached(config, env, command);
  writeStdout(`${wasRunning ? "already running: " : ""}${describeServer(note)}, log ${log}\n`);
  return 0;
}

async function stop(config: Config, env: Environment): Promise<number> {
  const { stopServers } = await import("../../app/serve/control.ts");
  const { stopped, hanging } = await stopServers(config, env, watchProgress(env));
  for (const note of stopped) writeStdout(`stopped: ${describeServer(note)}\n`);
  for (const note of hanging) writeStderr(`go-cache-plugin: did not stop: ${describeServer(note)}\n`);
  if (stopped.length + hanging.length === 0) writeStdout("no server is running\n");
  return hanging.length === 0 ? 0 : 1;
}

async function status(config: Config, env: Environment): Promise<number> {
  const { serverStatus } = await import("../../app/serve/control.ts");
  const servers = serverStatus(config, env);
  for (const note of servers) writeStdout(`running: ${describeServer(note)}\n`);
  if (servers.length === 0) writeStdout("no server is running\n");
  return servers.length === 0 ? 1 : 0;
}

async function heap(config: Config, env: Environment, file: string): Promise<number> {
  const { saveHeap } = await import("../../app/serve/control.ts");
  const note = await saveHeap(config, env, file);
  writeStdout(`heap of ${describeServer(note)}: ${file}; it contains the server's secrets\n`);
  return 0;
}

function describeServer({ pid, plugin, http }: ServerNote): string {
  const places = [plugin && `--plugin=${plugin}`, http && `--http=${http}`].filter(Boolean);
  return `process ${pid}, ${places.join(" ")}`;
}

/** Any user of the machine can write entries through a port, and systemd's sockets are open to all as well. */
function checkTrust({ plugin, signKey, trustKeys }: Settings): void {
  if (plugin === undefined || plugin.kind === "unix" || (signKey === undefined && trustKeys.length === 0))
    return;
  throw new UsageError("--sign-key and --trust-key need a Unix socket: set --plugin to a path");
}

function checkAddresses({ plugin, http, modproxy, revproxy, forwardConnect }: Settings): void {
  if (plugin === undefined && http === undefined) {
    throw new UsageError('"serve" needs --plugin (such as --plugin=5930), --http, or both');
  }
  if (http !== undefined) return;
  for (const [flag, isOn] of [
    ["--modproxy", modproxy],
    ["--revproxy", revproxy.length > 0],
    ["--forward-connect", forwardConnect],
  ] as const) {
    if (isOn) throw new UsageError(`${flag} needs --http, the address to serve it at`);
  }
}
