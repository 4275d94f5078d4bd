/** Opens the configured bucket. */
import { join } from "node:path";
import type { Counters } from "../../lib/counters.ts";
import { removeLink } from "../../lib/files/remove-link.ts";
import { LINE, StateFile } from "../../lib/files/state-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { proxyRoute } from "../../lib/network/env-proxy.ts";
import { DirectoryStore } from "../../store/directory/directory-store.ts";
import { GuardedStore } from "../../store/guard/guarded-store.ts";
import { HealthFile } from "../../store/guard/health-file.ts";
import { StoreHealth } from "../../store/guard/store-health.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { S3Store } from "../../store/s3-store.ts";
import type { RemoteConfig } from "../config.ts";

export interface StoreOptions {
  config: RemoteConfig;
  /** The cache directory, which remembers the bucket's region, and whether it answers. */
  root: string;
  env: Record<string, string | undefined>;
  counters: Counters;
}

/**
 * The bucket for what go waits for: with deadlines, health and a fair uplink, one of all who use it in this process.
 */
export function openGuardedStore(options: StoreOptions & { log: Logger }): GuardedStore {
  const { config, root, env, log } = options;
  const store = openStore(options);
  const health = new StoreHealth({ file: new HealthFile(healthPath(root, config, env)), log, store });
  return new GuardedStore(store, { health, timeoutMs: config.timeoutMs });
}

/** The proxies' objects in the bucket. Journals of uploads are at `<journalDirs>-<kind>`. */
export function proxyTier(config: RemoteConfig, root: string, store: GuardedStore) {
  const { prefix, readOnly, uploadConcurrency } = config;
  return {
    store,
    prefix,
    readOnly,
    uploads: uploadConcurrency,
    journalDirs: statePath(root, config, "uploads"),
  };
}

/** The bucket as it is, for commands that look after it and have all the time they need. */
export function openStore(options: StoreOptions): ObjectStore {
  const { config, root, env, counters } = options;
  const { bucket } = config;
  if (bucket.kind === "directory") return new DirectoryStore(bucket.path);
  return new S3Store({
    ...bucket,
    env,
    counters,
    regionMemory: regionFile(root, config),
  });
}

/** The region that the bucket's server named: one redirect fewer for each go command. */
export function regionFile(root: string, config: RemoteConfig): StateFile<string> {
  return new StateFile(statePath(root, config, "region"), LINE);
}

/**
 * Where helpers note whether the bucket answers: one file for each set of proxies, since trouble with a proxy says
 * nothing about the bucket reached without it.
 */
export function healthPath(
  root: string,
  config: RemoteConfig,
  env: Record<string, string | undefined>,
): string {
  const route = config.bucket.kind === "directory" ? "" : proxyRoute(env);
  return `${statePath(root, config, "remote", route)}.json`;
}

/**
 * A file or directory below the cache directory that keeps what is known of one bucket and prefix; never a link.
 * `route` distinguishes several files of one name.
 */
export function statePath(
  root: string,
  { bucket, prefix, readPrefixes }: RemoteConfig,
  name: string,
  route = "",
): string {
  // State from a prefix that is no longer read must not be found again.
  const read = readPrefixes.length === 0 ? [] : [readPrefixes];
  const address = Bun.hash(JSON.stringify([bucket, prefix, ...read, ...(route === "" ? [] : [route])]))
    .toString(16)
    .padStart(16, "0");
  const path = join(root, STATE_DIR, `${name}-${address}`);
  removeLink(path);
  return path;
}
