/** Starting a server in the background, stopping it, its status, and a snapshot of its heap. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { formatListenAddress, type ListenAddress } from "../../lib/listen-address.ts";
import type { WatchProgress } from "../../lib/progress.ts";
import { ensureCacheDir, locateCacheDir } from "../cache-dir.ts";
import type { Config } from "../config.ts";
import { withGoEnv } from "../go-env.ts";
import { takeSnapshot } from "./heap-snapshot.ts";
import { logFile, makeLog, runningServers, type ServerNote } from "./server-file.ts";

const POLL_MS = 20;
/** What a server may need beyond its drain: pruning, and letting go. */
const STOP_GRACE_MS = 30_000;

type Env = Record<string, string | undefined>;

/** A server that was started, and where it says what it does. */
export interface StartedServer {
  note: ServerNote;
  log: string;
}

/** Starts `command` behind; resolves when it is ready. Rejects with the end of its log when it does not get there. */
export async function startDetached(config: Config, env: Env, command: string[]): Promise<StartedServer> {
  // The server need not ask go once more.
  const goEnv = withGoEnv(env);
  const { root } = locateCacheDir(config.cacheDir, goEnv);
  const log = logFile(root, config.serve);
  const running = findServers(config, root)[0];
  if (running !== undefined) throw new Error(`a server is running already, process ${running.note.pid}`);
  ensureCacheDir(root);
  makeLog(log);
  const output = openSync(log, "a");
  // It must hold none of this process's streams: a CI step lasts until all are closed.
  const child = Bun.spawn(command, { env: goEnv, stdio: ["ignore", output, output], detached: true });
  closeSync(output);
  child.unref();
  while (child.exitCode === null && child.signalCode === null) {
    const started = runningServers(root).find(({ note }) => note.pid === child.pid);
    if (started !== undefined) return { note: started.note, log };
    await Bun.sleep(POLL_MS);
  }
  throw new Error(`the server did not start: ${readFileSync(log, "utf8").trim().split("\n").at(-1)}`);
}

/** Stops the configured server, or all of that cache directory when no address is given. */
export async function stopServers(
  config: Config,
  env: Env,
  watchProgress: WatchProgress,
): Promise<{ stopped: ServerNote[]; hanging: ServerNote[] }> {
  const root = rootOf(config, env);
  const servers = findServers(config, root).map(({ note }) => note);
  for (const { pid } of servers) process.kill(pid, "SIGTERM");
  const limitMs = performance.now() + config.drainTimeoutMs + STOP_GRACE_MS;
  const isRunning = ({ pid }: ServerNote) => runningServers(root).some(({ note }) => note.pid === pid);
  using _line = watchProgress(() => ({ stage: "waiting until the server has uploaded everything" }));
  while (servers.some(isRunning) && performance.now() < limitMs) await Bun.sleep(POLL_MS);
  const hanging = servers.filter(isRunning);
  return { stopped: servers.filter((server) => !hanging.includes(server)), hanging };
}

/** Writes a snapshot of the configured server's heap to `file`. Rejects when it is not clear which server that is. */
export async function saveHeap(config: Config, env: Env, file: string): Promise<ServerNote> {
  const root = rootOf(config, env);
  const [server, ...others] = findServers(config, root);
  if (server === undefined) throw new Error("no server is running");
  if (others.length > 0)
    throw new Error("more than one server is running; say which, with --plugin or --http");
  const { path, note } = server;
  const isRunning = () => runningServers(root).some((other) => other.note.pid === note.pid);
  await takeSnapshot({ pid: note.pid, notePath: path, file, isRunning });
  return note;
}

/** The configured server, or all of that cache directory when no address is given. */
export function serverStatus(config: Config, env: Env): ServerNote[] {
  return findServers(config, rootOf(config, env)).map(({ note }) => note);
}

function rootOf({ cacheDir }: Config, env: Env): string {
  const path = typeof cacheDir === "object" ? cacheDir.path : cacheDir;
  return locateCacheDir(cacheDir, path === undefined ? withGoEnv(env) : env).root;
}

function findServers({ serve }: Config, root: string): ReturnType<typeof runningServers> {
  const plugin = textOf(serve.plugin);
  const http = textOf(serve.http);
  return runningServers(root).filter(
    ({ note }) =>
      (plugin === undefined && http === undefined) || isAt(note.plugin, plugin) || isAt(note.http, http),
  );
}

function isAt(address: string | undefined, wanted: string | undefined): boolean {
  return wanted !== undefined && address === wanted;
}

/** As a server notes it: the whole path of a socket. */
function textOf(address: ListenAddress | undefined): string | undefined {
  if (address?.kind === "unix") return resolve(address.path);
  return address && formatListenAddress(address);
}
