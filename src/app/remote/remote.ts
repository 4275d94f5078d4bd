/** Makes the configured remote. Imported only when it is first needed: it is most of the program. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { RemoteBuilds } from "../../buildcache/remote-builds.ts";
import type { Counters } from "../../lib/counters.ts";
import type { Logger } from "../../lib/logger.ts";
import { BothLayouts } from "../../remote/both-layouts.ts";
import type { CompileTimes } from "../../remote/compile-times.ts";
import type { LocalBuilds } from "../../remote/local-outputs.ts";
import { PackedRemote } from "../../remote/packed/packed-remote.ts";
import { PackedTransfer } from "../../remote/packed/packed-transfer.ts";
import { detectScope, type Scope } from "../../remote/scope/scope.ts";
import { SplitRemote } from "../../remote/split/split-remote.ts";
import { WithoutTestResults } from "../../remote/without-test-results.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import { LocalDir } from "../../store/local/local-dir.ts";
import { AddedBytes } from "../cache-dir/added-bytes.ts";
import { machineId } from "../cache-dir/machine-id.ts";
import type { RemoteConfig } from "../config.ts";
import { mayEndWithGo } from "./machine-life.ts";
import { openGuardedStore, statePath } from "./open-store.ts";
import { openTrust } from "./open-trust.ts";

/** A server's further options: its remotes outlive sessions, and share transfers. */
export interface SharedRemoteOptions extends RemoteOptions {
  scope: Scope;
  store: GuardedStore;
  transfer: PackedTransfer;
  /** One for all, where the layout has it. */
  split: SplitRemote | undefined;
}

const NO_SPLIT =
  "nothing is read from the bucket: the split layout can't be signed, and there are keys to trust (--trust-split reads it all the same)";

export interface RemoteOptions {
  config: RemoteConfig;
  drainTimeoutMs: number;
  /** The size limit of the cache directory; 0: none. */
  maxSizeBytes: number;
  /** The cache directory. */
  root: string;
  local: LocalBuilds;
  env: Record<string, string | undefined>;
  counters: Counters;
  compileTimes: CompileTimes;
  log: Logger;
}

export function openRemote(options: RemoteOptions): RemoteBuilds {
  const store = openGuardedStore(options);
  const { layout } = options.config;
  if (layout === "split") return openSplit(options, store);
  if (layout === "packed") return openPacked(options, store);
  return new BothLayouts(openPacked(options, store), openSplit(options, store));
}

/** A remote of a server, for the sessions of one scope. */
export function openShared(options: SharedRemoteOptions): PackedRemote | BothLayouts {
  const { store, split } = options;
  const packed = openPacked(options, store, options);
  return split === undefined ? packed : new BothLayouts(packed, split);
}

/** The transfers that the packed remotes of a server share. */
export function openTransfer(options: RemoteOptions, store: GuardedStore): PackedTransfer {
  return new PackedTransfer({ ...options, ...transferOptions(options), store });
}

/** The directory of the helpers' journals of pending uploads. */
export function journalDir(root: string, config: RemoteConfig): string {
  return join(statePath(root, config, "packed"), "journal");
}

export function openSplit(options: RemoteOptions, store: GuardedStore): SplitRemote {
  const { config, root, log } = options;
  if (config.layout === "split" && config.trust?.readsSplit === false) log.warn("trust", NO_SPLIT);
  return new SplitRemote({
    ...options,
    local: localFor(options),
    store,
    prefix: config.prefix,
    readPrefixes: config.readPrefixes,
    isReading: config.trust === undefined || config.trust.readsSplit,
    readOnly: config.readOnly,
    minBytes: config.minUploadBytes,
    concurrency: config.uploadConcurrency,
    journalDir: statePath(root, config, "split"),
  });
}

export function openPacked(
  options: RemoteOptions,
  store = openGuardedStore(options),
  shared: { scope?: Scope; transfer?: PackedTransfer; hasJournal?: boolean } = {},
): PackedRemote {
  const { config, root, env } = options;
  const { project, job } = config;
  const { hasJournal = true } = shared;
  const { scope = detectScope({ env, cwd: process.cwd(), project, job, nowMs: Date.now() }) } = shared;
  return new PackedRemote({
    ...options,
    ...transferOptions(options),
    store,
    scope,
    transfer: shared.transfer,
    hasJournal,
    machine: machineId(root),
    host: hostname(),
    readOnly: config.readOnly,
    trust: openTrust(config),
    mayEndWithGo: mayEndWithGo(env),
    // The remote may be opened only with the last put of a long session.
    startedMs: performance.timeOrigin,
  });
}

function transferOptions(options: RemoteOptions) {
  const { config, root, maxSizeBytes } = options;
  return {
    local: localFor(options),
    room: maxSizeBytes === 0 ? undefined : new AddedBytes(root, maxSizeBytes),
    prefix: config.prefix,
    readPrefixes: config.readPrefixes,
    concurrency: config.uploadConcurrency,
    stateDir: statePath(root, config, "packed"),
    createTemp: () => createTemp(root),
  };
}

/** Where the remote writes what it fetches. */
function localFor({ config, local }: RemoteOptions): LocalBuilds {
  return config.sharesTestResults ? local : new WithoutTestResults(local);
}

function createTemp(root: string) {
  try {
    return new LocalDir(root).createTemp();
  } catch {
    return undefined;
  }
}
