import { LocalCache } from "../../buildcache/local-cache.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { LocalDir } from "../../store/local/local-dir.ts";
import type { Config } from "../config.ts";
import type { CacheDir } from "./cache-dir.ts";
import type { FallbackDir } from "./fallback-dir.ts";

/** The build cache in the cache directory, or in `fallback` where that can't be written. */
export function openLocalCache(
  { root, shownRoot, config, log }: Pick<CacheDir, "root" | "shownRoot"> & { config: Config; log: Logger },
  fallback: FallbackDir,
): LocalCache {
  return new LocalCache({
    dir: new LocalDir(root, shownRoot),
    fallback,
    expiryMs: config.expiryMs,
    keepsTestResults: config.testResults !== "off",
    onWriteError: (error) =>
      log.warn("disk", `cache directory ${root} can't be written: ${describeError(error)}`),
  });
}
