/** Server mode: many go commands, and HTTP, in one process. */
import { Counters } from "../../lib/counters.ts";
import { unusableProxies } from "../../lib/network/env-proxy.ts";
import { formatListenAddress } from "../../lib/network/listen-address.ts";
import { processStart } from "../../lib/process/process-life.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { ensureCacheDir } from "../cache-dir/dir-owner.ts";
import type { Config } from "../config.ts";
import type { RunContext } from "../direct.ts";
import { withGoEnv } from "../go-env.ts";
import { openStore } from "../remote/open-store.ts";
import { CompileTimesFile } from "../summary/compile-times-file.ts";
import { removeSnapshot, writeSnapshots } from "./heap-snapshot.ts";
import { openModuleProxy } from "./module-proxy.ts";
import { type HttpPart, openHttp } from "./pages/http-part.ts";
import { ServerCounts } from "./pages/server-counts.ts";
import type { ServedPart, ServeParts } from "./parts.ts";
import { openPlugin, type PluginPart } from "./plugin/plugin-part.ts";
import { noteServer, removeNote, type ServerNote, serverFile, settingsDigest } from "./server-file.ts";
import type { ServerState } from "./server-state.ts";
import { untilStopped } from "./until-stopped.ts";
import { Upkeep } from "./upkeep.ts";
import { withoutOwnProxy } from "./without-own-proxy.ts";

/** What a server is given beside its settings. */
export interface ServeContext extends RunContext {
  /** Prunes the cache directory in a process of its own: it takes seconds in a large one, and sessions wait. */
  pruneAside: (root: string) => Promise<void>;
  /** What this program is, in one line. */
  version: string;
  /** Called once, when everything listens. */
  onReady: (server: Pick<ServerNote, "plugin" | "http">) => void;
}

/** Serves until a signal says otherwise; resolves with the exit code when all is drained. */
export async function runServe(config: Config, context: ServeContext): Promise<number> {
  const env = await withoutOwnProxy(withGoEnv(context.env), config.serve.http);
  for (const text of unusableProxies(env)) context.log.warn(text, text);
  const { root, shownRoot, refusal } = locateCacheDir(config.cacheDir, env);
  if (refusal !== undefined) context.log.warn("directory", refusal);
  ensureCacheDir(root);
  const counters = new Counters();
  let store: ObjectStore | undefined;
  const { remote } = config;
  const parts: ServeParts = {
    config,
    env,
    root,
    shownRoot,
    log: context.log,
    counters,
    compileTimes: new CompileTimesFile(root),
    openStore: () => {
      if (remote !== undefined) store ??= openStore({ config: remote, root, env, counters });
      return store;
    },
  };
  const state: ServerState = { parts, version: context.version, startedMs: Date.now(), isDraining: false };
  const running = await openAll(state);
  const notePath = serverFile(root, config.serve);
  const note = noteOf(config, running);
  const serverCounts = new ServerCounts(parts);
  const upkeep = new Upkeep(root, config, context.pruneAside);
  const stopped = untilStopped(async () => {
    state.isDraining = true;
    noteServer(notePath, { ...note, isStopping: true });
    const limitMs = performance.now() + config.drainTimeoutMs;
    using _line = context.watchProgress(() => ({
      stage: "uploading",
      done: counters.get("put_remote_bytes"),
      unit: "bytes",
    }));
    await Promise.all(running.all.map((part) => part.drain(config.drainTimeoutMs)));
    await upkeep.finish(limitMs - performance.now());
  });
  writeSnapshots(notePath, context.log);
  context.onReady(note);
  // Last, since whoever reads the note may send a signal.
  const trouble = noteServer(notePath, { ...note, isStopping: state.isDraining || undefined });
  if (trouble !== undefined) {
    context.log.warn(
      "note",
      `${notePath} can't be written, so --stop and --status do not find this server: ${trouble}`,
    );
  }
  context.log.info(() => `ready, process ${process.pid}`);
  await stopped;
  upkeep.stop();
  serverCounts.finish();
  for (const part of running.all.toReversed()) await part.close();
  await store?.[Symbol.asyncDispose]();
  removeNote(notePath);
  removeSnapshot(notePath);
  if (config.metrics !== "off") {
    const { formatMetrics } = await import("../format-metrics.ts");
    context.log.print(formatMetrics(config.metrics, counters));
  }
  return 0;
}

interface RunningParts {
  /** In the order in which they were opened. */
  all: ServedPart[];
  http?: HttpPart;
  plugin?: PluginPart;
}

function noteOf(config: Config, { plugin, http }: RunningParts): ServerNote {
  return {
    pid: process.pid,
    start: processStart(process.pid),
    settings: settingsDigest(config),
    plugin: plugin && formatListenAddress(plugin.address),
    http: http && formatListenAddress(http.address),
    startedAtMs: Date.now(),
  };
}

/** In the order in which they are needed; what is open already is closed when a later one fails. */
async function openAll(state: ServerState): Promise<RunningParts> {
  const { parts } = state;
  const { plugin, http, modproxy, revproxy, forwardConnect } = parts.config.serve;
  const running: RunningParts = { all: [] };
  const add = <T extends ServedPart>(part: T): T => {
    running.all.push(part);
    return part;
  };
  try {
    if (plugin !== undefined) {
      running.plugin = add(await openPlugin(parts, plugin));
      state.plugin = running.plugin;
    }
    if (http === undefined) return running;
    const moduleProxy = modproxy ? add(openModuleProxy(parts)) : undefined;
    if (moduleProxy !== undefined) state.moduleProxy = moduleProxy;
    const isProxy = revproxy.length > 0 || forwardConnect;
    const forwardProxy = isProxy
      ? add(await loadForwardProxy(parts, moduleProxy?.upstreamUrls ?? []))
      : undefined;
    if (forwardProxy !== undefined) state.forwardProxy = forwardProxy;
    const { serverPages } = await import("./pages/pages.ts");
    const server = serverPages(state, () => forwardProxy?.caPem());
    running.http = add(await openHttp({ parts, address: http, server, moduleProxy, forwardProxy }));
    return running;
  } catch (error) {
    for (const part of running.all.toReversed()) await part.close();
    throw error;
  }
}

/** Loaded only where it is wanted: it brings much with it that makes certificates. */
async function loadForwardProxy(parts: ServeParts, upstreamUrls: readonly string[]) {
  const { openForwardProxy } = await import("./forward-proxy.ts");
  return await openForwardProxy(parts, { upstreamUrls });
}
