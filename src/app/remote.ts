/** Makes the configured remote. Imported only when it is first needed: it is most of the program. */
import { join } from "node:path";
import type { LocalCache } from "../buildcache/local-cache.ts";
import type { RemoteBuilds } from "../buildcache/remote-builds.ts";
import type { Counters } from "../lib/counters.ts";
import type { Logger } from "../lib/logger.ts";
import { SplitRemote } from "../remote/split/split-remote.ts";
import { DirectoryStore } from "../store/directory-store.ts";
import { STATE_DIR } from "../store/local-dir.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { S3Store } from "../store/s3-store.ts";
import type { BucketConfig, RemoteConfig } from "./config.ts";
import { RegionFile } from "./region-file.ts";

export function openRemote(options: {
  config: RemoteConfig;
  drainTimeoutMs: number;
  /** The cache directory. */
  root: string;
  local: LocalCache;
  env: Record<string, string | undefined>;
  counters: Counters;
  log: Logger;
}): RemoteBuilds {
  const { config, counters } = options;
  const address = Bun.hash(JSON.stringify([config.bucket, config.prefix]))
    .toString(16)
    .padStart(16, "0");
  const statePath = (name: string) => join(options.root, STATE_DIR, `${name}-${address}`);
  const store = openStore(config.bucket, {
    env: options.env,
    counters,
    regionMemory: new RegionFile(statePath("region")),
  });
  return new SplitRemote({
    ...options,
    store,
    prefix: config.prefix,
    readOnly: config.readOnly,
    minBytes: config.minUploadBytes,
    concurrency: config.uploadConcurrency,
    timeoutMs: config.timeoutMs,
    healthPath: `${statePath("remote")}.json`,
  });
}

function openStore(
  bucket: BucketConfig,
  s3: { env: Record<string, string | undefined>; counters: Counters; regionMemory: RegionFile },
): ObjectStore {
  return bucket.kind === "directory" ? new DirectoryStore(bucket.path) : new S3Store({ ...bucket, ...s3 });
}
