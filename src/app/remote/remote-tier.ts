import type { Logger } from "../../lib/logger.ts";
import { RemoteHealth } from "../../remote/health.ts";
import { HealthFile } from "../../remote/health-file.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { RemoteTier } from "../../store/tiered/tiered-store.ts";
import type { RemoteConfig } from "../config.ts";
import { healthPath, statePath } from "./open-store.ts";

/** Downloads at once; there is no flag for it, for nobody's patience depends on it. */
const DOWNLOADS = 40;

/** The bucket as the second tier of the proxies' files. Journals of uploads lie at `<journalDirs>-<kind>`. */
export function openRemoteTier(options: {
  config: RemoteConfig;
  store: ObjectStore;
  /** The cache directory. */
  root: string;
  env: Record<string, string | undefined>;
  log: Logger;
}): Omit<RemoteTier, "journalDir"> & { journalDirs: string; health: RemoteHealth } {
  const { config, store, root, env, log } = options;
  const health = new RemoteHealth({
    file: new HealthFile(healthPath(root, config, env)),
    log,
    store,
    onWritesStopped: () => {},
  });
  return {
    store,
    prefix: config.prefix,
    health,
    readOnly: config.readOnly,
    uploads: config.uploadConcurrency,
    downloads: DOWNLOADS,
    timeoutMs: config.timeoutMs,
    journalDirs: statePath(root, config, "uploads"),
  };
}
