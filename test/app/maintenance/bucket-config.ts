import type { RemoteConfig } from "../../../src/app/config.ts";

/** Settings for a bucket that is a directory. */
export function bucketConfig(path: string, config: Partial<RemoteConfig> = {}): RemoteConfig {
  return {
    bucket: { kind: "directory", path },
    prefix: "team",
    layout: "packed",
    project: undefined,
    job: undefined,
    readOnly: false,
    sharesTestResults: true,
    minUploadBytes: 0,
    uploadConcurrency: 2,
    timeoutMs: 60_000,
    readPrefixes: [],
    trust: undefined,
    ...config,
  };
}
