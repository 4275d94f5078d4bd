/** Starting a server in the background, stopping it, its status, and a snapshot of its heap. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Subprocess } from "bun";
import { Deadline } from "../../lib/async/deadline.ts";
import { lockFile } from "../../lib/files/lock-file.ts";
import { makePrivateDir } from "../../lib/files/private-dir.ts";
import { formatListenAddress, type ListenAddress } from "../../lib/network/listen-address.ts";
import { startInBackground } from "../../lib/process/background.ts";
import type { WatchProgress } from "../../lib/progress.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { ensureCacheDir } from "../cache-dir/dir-owner.ts";
import type { Config } from "../config.ts";
import { withGoCache, withGoEnv } from "../go-env.ts";
import { takeSnapshot } from "./heap-snapshot.ts";
import { logFile, runningServers, type ServerNote, settingsDigest } from "./server-file.ts";

const POLL_MS = 20;
/** A server is ready within a second; more than this is a server that never will be. */
const START_LIMIT_MS = 10_000;
/** The time that a server may need after its drain, for pruning and closing. */
const STOP_GRACE_MS = 30_000;

type Env = Record<string, string | undefined>;

/** A server that runs in the background, and the path of its log. */
export interface DetachedServer {
  note: ServerNote;
  log: string;
  /** Whether it was there before, with the same settings. */
  wasRunning: boolean;
}

/**
 * Starts `command` in the background; resolves when it is ready, or when a server with the same settings runs already.
 * A server that is stopping is waited for, and replaced.
 * Rejects with the end of its log when it ends or is not ready in time, and when other settings have its address.
 */
export async function startDetached(config: Config, env: Env, command: string[]): Promise<DetachedServer> {
  // The server need not ask go once more.
  const goEnv = withGoEnv(env);
  const { root } = locateCacheDir(config.cacheDir, goEnv);
  const log = logFile(root, config.serve);
  ensureCacheDir(root);
  makePrivateDir(dirname(log));
  await untilStoppingEnded(config, root);
  // If two are started at once, the later one finds the first.
  using limit = new Deadline(START_LIMIT_MS);
  await using _lock = await lockFile(`${log}.lock`, limit.signal);
  const running = findServers(config, root)[0];
  if (running !== undefined) return { note: sameServer(running.note, config), log, wasRunning: true };
  const child = startInBackground(command, goEnv, log);
  return { note: await untilReady(child, { root, log, signal: limit.signal }), log, wasRunning: false };
}

/** It has its address and its note until it has ended. */
async function untilStoppingEnded(config: Config, root: string): Promise<void> {
  const limitMs = performance.now() + config.drainTimeoutMs + STOP_GRACE_MS;
  for (;;) {
    const stopping = findServers(config, root).find(({ note }) => note.isStopping);
    if (stopping === undefined) return;
    if (performance.now() > limitMs)
      throw new Error(`the server process ${stopping.note.pid} is stopping and does not end`);
    await Bun.sleep(POLL_MS);
  }
}

function sameServer(running: ServerNote, config: Config): ServerNote {
  if (running.settings === settingsDigest(config)) return running;
  throw new Error(
    `a server with other settings is running there already, process ${running.pid}; stop it with "go-cache-plugin serve --stop"`,
  );
}

async function untilReady(
  child: Subprocess,
  { root, log, signal }: { root: string; log: string; signal: AbortSignal },
): Promise<ServerNote> {
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  while (isRunning() && !signal.aborted) {
    const started = runningServers(root).find(({ note }) => note.pid === child.pid);
    if (started !== undefined) return started.note;
    await Bun.sleep(POLL_MS);
  }
  const lastLine = readFileSync(log, "utf8").trim().split("\n").at(-1) || `its log, ${log}, is empty`;
  if (!isRunning()) throw new Error(`the server did not start: ${lastLine}`);
  child.kill();
  throw new Error(`the server was not ready within ${START_LIMIT_MS / 1000} s and was stopped: ${lastLine}`);
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
  return locateCacheDir(cacheDir, path === undefined ? withGoCache(env) : env).root;
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
