/** `prefetch`: fetches what the next go commands here will most likely need. */
import { LocalCache } from "../buildcache/local-cache.ts";
import { Counters } from "../lib/counters.ts";
import { detectCi } from "../remote/scope/detect-ci.ts";
import { jobRun } from "../remote/scope/job-run.ts";
import { LocalDir } from "../store/local/local-dir.ts";
import { locateCacheDir } from "./cache-dir/cache-dir.ts";
import { ensureCacheDir } from "./cache-dir/dir-owner.ts";
import { FallbackDir } from "./cache-dir/fallback-dir.ts";
import type { Config, RemoteConfig } from "./config.ts";
import type { RunContext } from "./direct.ts";
import { withGoEnv } from "./go-env.ts";
import { openPacked } from "./remote/remote.ts";
import { CompileTimesFile } from "./summary/compile-times-file.ts";
import { JobCounts } from "./summary/job-counts.ts";
import { JobFile } from "./summary/job-file.ts";

/** Entries that were fetched, or were on the disk already. */
export interface PrefetchReport {
  records: number;
  entries: number;
  fetchedBytes: number;
}

/** Resolves when all is on the disk. Rejects when the bucket can't be read. */
export async function prefetchNow(
  config: Config & { remote: RemoteConfig },
  context: RunContext,
): Promise<PrefetchReport> {
  const env = withGoEnv(context.env);
  const { root, shownRoot, refusal } = locateCacheDir(config.cacheDir, env);
  if (refusal !== undefined) context.log.warn("directory", refusal);
  ensureCacheDir(root);
  const counters = new Counters();
  const local = new LocalCache({
    dir: new LocalDir(root, shownRoot),
    fallback: new FallbackDir(root),
    expiryMs: config.expiryMs,
    onWriteError: () => {},
  });
  const { drainTimeoutMs, maxSizeBytes } = config;
  const { log } = context;
  // This process ends too soon to upload what dead helpers have left.
  const remoteConfig = { ...config.remote, readOnly: true };
  const remote = openPacked({
    config: remoteConfig,
    drainTimeoutMs,
    maxSizeBytes,
    root,
    local,
    env,
    counters,
    compileTimes: new CompileTimesFile(root),
    log,
  });
  using _line = context.watchProgress(() => ({
    stage: "fetching what the last run used",
    done: counters.get("prefetch_bytes"),
    unit: "bytes",
  }));
  const found = await remote.prefetch();
  const file = new JobFile(root, jobRun(detectCi(env), config.job, Date.now()));
  new JobCounts(() => file, counters).note();
  return { ...found, fetchedBytes: counters.get("prefetch_bytes") };
}
