/** Makes the configured object store. */
import { join } from "node:path";
import type { Counters } from "../lib/counters.ts";
import { removeLink } from "../lib/remove-link.ts";
import { DirectoryStore } from "../store/directory-store.ts";
import { STATE_DIR } from "../store/local-dir.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { S3Store } from "../store/s3-store.ts";
import type { RemoteConfig } from "./config.ts";
import { RegionFile } from "./region-file.ts";

export function openStore(options: {
  config: RemoteConfig;
  /** The cache directory, which remembers the bucket's region. */
  root: string;
  env: Record<string, string | undefined>;
  counters: Counters;
}): ObjectStore {
  const { config, root, env, counters } = options;
  const { bucket } = config;
  if (bucket.kind === "directory") return new DirectoryStore(bucket.path);
  return new S3Store({
    ...bucket,
    env,
    counters,
    regionMemory: new RegionFile(statePath(root, config, "region")),
  });
}

/** A file or directory below the cache directory that keeps what is known of one bucket and prefix; never a link. */
export function statePath(
  root: string,
  { bucket, prefix, readPrefixes }: RemoteConfig,
  name: string,
): string {
  // What was read below a prefix that is not read any more must not be found again.
  const read = readPrefixes.length === 0 ? [] : [readPrefixes];
  const address = Bun.hash(JSON.stringify([bucket, prefix, ...read]))
    .toString(16)
    .padStart(16, "0");
  const path = join(root, STATE_DIR, `${name}-${address}`);
  removeLink(path);
  return path;
}
