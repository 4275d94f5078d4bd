/** `verify`: checks the local cache and the bucket for damage. */
import { checkLocal, type LocalCheckReport } from "../../buildcache/check-local.ts";
import type { ObjectSum } from "../../lib/object-sum.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { type BucketCheckReport, checkBucket } from "../../remote/packed/bucket/check/check-bucket.ts";
import { checkSplit } from "../../remote/split/check-split.ts";
import type { CheckOptions } from "../../store/finding.ts";
import { LocalDir } from "../../store/local/local-dir.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import type { RemoteConfig } from "../config.ts";
import { type MaintenanceOptions, withStore } from "./with-store.ts";

export interface VerifyReport {
  /** The cache directory. */
  root: string;
  local: LocalCheckReport;
  /** `undefined`: none is configured. */
  bucket: (BucketCheckReport & { splitOutputs: ObjectSum }) | undefined;
}

type VerifyOptions = CheckOptions &
  Omit<MaintenanceOptions, "config"> & { config: RemoteConfig | undefined; onProgress: OnProgress };

/** Reports each problem at once, and removes what is wrong if `options` say so. */
export async function verifyAll(options: VerifyOptions): Promise<VerifyReport> {
  const { config, cacheDir, env, isRepairing, onFinding, onProgress } = options;
  const check = { isRepairing, onFinding, onProgress };
  const { root } = locateCacheDir(cacheDir, env);
  const { signal } = new AbortController();
  const local = await checkLocal({ ...check, dir: new LocalDir(root), signal });
  if (config === undefined) return { root, local, bucket: undefined };
  const bucket = await withStore({ config, cacheDir, env }, async (store) => {
    const packed = await checkBucket({ ...store, ...check });
    return { ...packed, splitOutputs: await checkSplit({ ...store, ...check }) };
  });
  return { root, local, bucket };
}
