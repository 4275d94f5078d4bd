/** Server mode: many go commands, and HTTP, in one process. */
import { Counters } from "../../lib/counters.ts";
import { unusableProxies } from "../../lib/network/env-proxy.ts";
import { formatListenAddress } from "../../lib/network/listen-address.ts";
import { processStart } from "../../lib/process/process-life.ts";
import type { WatchProgress } from "../../lib/progress.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { ensureCacheDir } from "../cache-dir/dir-owner.ts";
import type { Config } from "../config.ts";
import type { RunContext } from "../direct.ts";
import { withGoEnv } from "../go-env.ts";
import { openGuardedStore } from "../remote/open-store.ts";
import { untilStopped } from "../signals.ts";
import { CompileTimesFile } from "../summary/compile-times-file.ts";
import { removeSnapshot, writeSnapshots } from "./heap-snapshot.ts";
import { openModuleProxy } from "./module-proxy.ts";
import type { ServeParts } from "./parts.ts";
import { openPlugin } from "./plugin/plugin-part.ts";
import { ServerCounts } from "./server-counts.ts";
import { noteServer, removeNote, type ServerNote, serverFile, settingsDigest } from "./server-file.ts";
import { type ServerState, servedParts } from "./server-state.ts";
import { Upkeep } from "./upkeep.ts";
import { withoutOwnProxy } from "./without-own-proxy.ts";

/** The environment of a server, and what it reports to. */
export interface ServeContext extends RunContext {
  /** Prunes the cache directory in a process of its own: it takes seconds in a large one, and would block sessions. */
  pruneAside: (root: string) => Promise<void>;
  /** The program's version, in one line. */
  version: string;
  /** Called once, when everything listens. */
  onReady: (server: Pick<ServerNote, "plugin" | "http">) => void;
}

/** Serves until a signal says otherwise; resolves with the exit code when all is drained. */
export async function runServe(config: Config, context: ServeContext): Promise<number> {
  const { log } = context;
  const { parts, closeStore } = await makeParts(config, context);
  const state: ServerState = { parts, version: context.version, startedMs: Date.now(), isDraining: false };
  await openAll(state);
  const notePath = serverFile(parts.root, config.serve);
  const note = noteOf(config, state);
  const serverCounts = new ServerCounts(parts);
  const upkeep = new Upkeep(parts.root, config, context.pruneAside);
  const stopped = untilStopped(async () => {
    state.isDraining = true;
    noteServer(notePath, { ...note, isStopping: true });
    await drainAll(state, upkeep, context.watchProgress);
  });
  writeSnapshots(notePath, log);
  context.onReady(note);
  // Last, since a reader of the note may send a signal.
  const trouble = noteServer(notePath, { ...note, isStopping: state.isDraining || undefined });
  if (trouble !== undefined) log.warn("note", unnoted(notePath, trouble));
  log.info(() => `ready, process ${process.pid}`);
  await stopped;
  upkeep.stop();
  serverCounts.finish();
  await closeAll(state);
  await closeStore();
  removeNote(notePath);
  removeSnapshot(notePath);
  if (config.metrics !== "off") {
    const { formatMetrics } = await import("../format-metrics.ts");
    log.print(formatMetrics(config.metrics, parts.counters));
  }
  return 0;
}

/** Makes what all parts share. `closeStore` is called once none of them uses the store any more. */
async function makeParts(
  config: Config,
  { env: given, log }: ServeContext,
): Promise<{ parts: ServeParts; closeStore: () => Promise<void> }> {
  const env = await withoutOwnProxy(withGoEnv(given), config.serve.http);
  for (const text of unusableProxies(env)) log.warn(text, text);
  const { root, shownRoot, refusal } = locateCacheDir(config.cacheDir, env);
  if (refusal !== undefined) log.warn("directory", refusal);
  ensureCacheDir(root);
  const counters = new Counters();
  const compileTimes = new CompileTimesFile(root);
  let store: GuardedStore | undefined;
  const { remote } = config;
  const openSharedStore = () => {
    if (remote !== undefined) store ??= openGuardedStore({ config: remote, root, env, counters, log });
    return store;
  };
  return {
    parts: { config, env, root, shownRoot, log, counters, compileTimes, openStore: openSharedStore },
    closeStore: async () => await store?.[Symbol.asyncDispose](),
  };
}

function noteOf(config: Config, { plugin, http }: ServerState): ServerNote {
  return {
    pid: process.pid,
    start: processStart(process.pid),
    settings: settingsDigest(config),
    plugin: plugin && formatListenAddress(plugin.address),
    http: http && formatListenAddress(http.address),
    startedAtMs: Date.now(),
  };
}

function unnoted(notePath: string, trouble: string): string {
  return `${notePath} can't be written, so --stop and --status do not find this server: ${trouble}`;
}

/** Opens the parts in the order of their dependencies; closes them when a later one fails. */
async function openAll(state: ServerState): Promise<void> {
  const { parts } = state;
  const { plugin, http, modproxy, revproxy, forwardConnect } = parts.config.serve;
  try {
    if (plugin !== undefined) state.plugin = await openPlugin(parts, plugin);
    if (http === undefined) return;
    if (modproxy) state.moduleProxy = openModuleProxy(parts);
    if (revproxy.length > 0 || forwardConnect) {
      // Loaded only where it is wanted: it includes much that issues certificates.
      const { openForwardProxy } = await import("./forward-proxy.ts");
      const upstreamUrls = state.moduleProxy?.upstreamUrls ?? [];
      state.forwardProxy = await openForwardProxy(parts, { upstreamUrls });
    }
    const { openHttp } = await import("./pages/http-part.ts");
    state.http = await openHttp(state, http);
  } catch (error) {
    await closeAll(state);
    throw error;
  }
}

async function drainAll(state: ServerState, upkeep: Upkeep, watchProgress: WatchProgress): Promise<void> {
  const { config, counters } = state.parts;
  const limitMs = performance.now() + config.drainTimeoutMs;
  using _line = watchProgress(() => ({
    stage: "uploading",
    done: counters.get("put_remote_bytes"),
    unit: "bytes",
  }));
  await Promise.all(servedParts(state).map((part) => part.drain(config.drainTimeoutMs)));
  await upkeep.finish(limitMs - performance.now());
}

async function closeAll(state: ServerState): Promise<void> {
  for (const part of servedParts(state).toReversed()) await part.close();
}
