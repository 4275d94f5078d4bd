/** `go-cache-plugin serve`: one process for many go commands. */
import { defineCommand } from "citty";
import type { Config } from "../../app/config.ts";
import type { ServerNote } from "../../app/serve/server-file.ts";
import type { Logger } from "../../lib/logger.ts";
import type { Call } from "../call.ts";
import { makeLogger } from "../make-logger.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { ALL_OPTIONS, type Option, type Settings } from "../options/options.ts";
import { type Environment, resolveSettings, toConfig } from "../options/settings.ts";
import { writeStderr, writeStdout } from "../output.ts";
import { programName } from "../text/program-name.ts";
import { watchProgress } from "../text/progress-line.ts";
import { goWord } from "../text/quote.ts";
import { serverExports } from "../text/server-exports.ts";
import { startNotes } from "../text/start-notes.ts";
import { versionLine } from "../text/version-line.ts";
import { UsageError } from "../usage-error.ts";

const PRUNE_FLAGS = ["max-size", "expiry"];

/** Runs until a signal ends it; with --detach, --stop, --status and --heap only as long as that takes. */
export function serveCommand(call: Call) {
  return defineCommand({
    meta: { name: "serve", description: "Serve many go commands from one process" },
    run: async () => {
      call.exitCode = await serve(call);
    },
  });
}

async function serve({ commandLine, env }: Call): Promise<number> {
  const settings = resolveSettings(commandLine.flags, env);
  const { isDetached, isStop, isStatus, heapFile } = resolveCommandSettings(commandLine.flags, "serve");
  const config = toConfig(settings);
  if (isStop) return await stop(config, env);
  if (isStatus) return await status(config, env);
  if (heapFile !== undefined) return await heap(config, env, heapFile);
  checkAddresses(settings);
  checkTrust(settings);
  if (isDetached) return await detach(commandLine.flags, config, env);
  const log = makeLogger(settings);
  for (const note of config.verbose ? startNotes(settings, env) : []) log.info(() => note);
  const { runServe } = await import("../../app/serve/serve.ts");
  const pruneAside = async (root: string) => {
    const limits = flagWords(commandLine.flags, ({ flag }) => PRUNE_FLAGS.includes(flag));
    const words = [`--cache-dir=${root}`, ...limits];
    await Bun.spawn([process.execPath, "prune", ...words], { env, stdio: ["ignore", "ignore", "ignore"] })
      .exited;
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

/** On stderr, since somebody waits in front of it. Lines of JSON have no room for what a shell should read. */
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
  const words = flagWords(flags, () => true);
  const command = [process.execPath, "serve", ...words];
  const { note, log, wasRunning } = await startDetached(config, env, command);
  writeStdout(`${wasRunning ? "already running: " : ""}${describeServer(note)}, log ${log}\n`);
  return 0;
}

async function stop(config: Config, env: Environment): Promise<number> {
  const { stopServers } = await import("../../app/serve/control.ts");
  const { stopped, hanging } = await stopServers(config, env, watchProgress(env));
  for (const note of stopped) writeStdout(`stopped: ${describeServer(note)}\n`);
  for (const note of hanging) writeStderr(`go-cache-plugin: does not stop: ${describeServer(note)}\n`);
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
  writeStdout(`heap of ${describeServer(note)}: ${file}; the server's secrets are in it\n`);
  return 0;
}

function describeServer({ pid, plugin, http }: ServerNote): string {
  const places = [plugin && `--plugin=${plugin}`, http && `--http=${http}`].filter(Boolean);
  return `process ${pid}, ${places.join(" ")}`;
}

/** The flags that were given and that a command of all has, as a process of its own is given them. */
function flagWords(flags: ReadonlyMap<string, string>, isWanted: (option: Option) => boolean): string[] {
  return ALL_OPTIONS.filter((option) => flags.has(option.flag) && isWanted(option)).map(
    ({ flag }) => `--${flag}=${flags.get(flag)}`,
  );
}

/** Over a port any user of the machine can say that some action made some output; systemd's sockets are for all, too. */
function checkTrust({ plugin, signKey, trustKeys }: Settings): void {
  if (plugin === undefined || plugin.kind === "unix" || (signKey === undefined && trustKeys.length === 0))
    return;
  throw new UsageError(
    "--plugin must be the path of a Unix socket where there are keys to trust or to sign with",
  );
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
