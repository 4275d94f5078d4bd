/** Makes the configured remote. Imported only when it is first needed: it is most of the program. */
import { hostname } from "node:os";
import type { LocalCache } from "../buildcache/local-cache.ts";
import type { RemoteBuilds } from "../buildcache/remote-builds.ts";
import type { Counters } from "../lib/counters.ts";
import type { Logger } from "../lib/logger.ts";
import { BothLayouts } from "../remote/both-layouts.ts";
import { PackedRemote } from "../remote/packed/packed-remote.ts";
import { detectScope } from "../remote/scope/scope.ts";
import { SplitRemote } from "../remote/split/split-remote.ts";
import { LocalDir } from "../store/local-dir.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { RemoteConfig } from "./config.ts";
import { machineId } from "./machine-id.ts";
import { mayEndWithGo } from "./machine-life.ts";
import { openStore, statePath } from "./open-store.ts";

export interface RemoteOptions {
  config: RemoteConfig;
  drainTimeoutMs: number;
  /** The cache directory. */
  root: string;
  local: LocalCache;
  env: Record<string, string | undefined>;
  counters: Counters;
  log: Logger;
}

export function openRemote(options: RemoteOptions): RemoteBuilds {
  const store = openStore(options);
  const { layout } = options.config;
  if (layout === "split") return openSplit(options, store);
  if (layout === "packed") return openPacked(options, store);
  return new BothLayouts(openPacked(options, store), openSplit(options, store));
}

function openSplit(options: RemoteOptions, store: ObjectStore): SplitRemote {
  const { config, root } = options;
  return new SplitRemote({
    ...options,
    store,
    prefix: config.prefix,
    readOnly: config.readOnly,
    minBytes: config.minUploadBytes,
    concurrency: config.uploadConcurrency,
    timeoutMs: config.timeoutMs,
    healthPath: `${statePath(root, config, "remote")}.json`,
  });
}

export function openPacked(options: RemoteOptions, store = openStore(options)): PackedRemote {
  const { config, root, env } = options;
  const { project, job } = config;
  return new PackedRemote({
    ...options,
    store,
    prefix: config.prefix,
    scope: detectScope({ env, cwd: process.cwd(), project, job, nowMs: Date.now() }),
    machine: machineId(root),
    host: hostname(),
    concurrency: config.uploadConcurrency,
    readOnly: config.readOnly,
    timeoutMs: config.timeoutMs,
    mayEndWithGo: mayEndWithGo(env),
    stateDir: statePath(root, config, "packed"),
    healthPath: `${statePath(root, config, "remote")}.json`,
    createTemp: () => createTemp(root),
  });
}

function createTemp(root: string) {
  try {
    return new LocalDir(root).createTemp();
  } catch {
    return undefined;
  }
}
