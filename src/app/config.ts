import type { ListenAddress } from "../lib/network/listen-address.ts";
import type { PublicKey, SecretKey } from "../lib/text/ed25519-text.ts";

/** The settings of one run after flags, environment and defaults were joined. Made by `cli/`, read by `app/`. */
export interface Config {
  cacheDir: CacheDirSetting;
  remote: RemoteConfig | undefined;
  /** Entries not used for this long are pruned; `undefined`: never by age. */
  expiryMs: number | undefined;
  /** The local cache is pruned down to this many bytes; 0: no limit. */
  maxSizeBytes: number;
  /** Gets that may wait for the remote at once. */
  concurrency: number;
  /** `wait`: close is answered after the drain; `background`: before it. */
  drain: "wait" | "background";
  drainTimeoutMs: number;
  /** The output at exit: none, lines for people, or one line of JSON. */
  metrics: "off" | "summary" | "json";
  /** Overrides the name of CI's job; also without a bucket. */
  job: string | undefined;
  /** `share`: as all outputs; `local`: on this machine only; `off`: none is kept. */
  testResults: "share" | "local" | "off";
  verbose: boolean;
  /** Bit mask: 1 build, 2 module, 4 proxy. */
  debug: number;
  serve: ServeConfig;
}

/** The services of `serve`, and their addresses. */
export interface ServeConfig {
  plugin: ListenAddress | undefined;
  http: ListenAddress | undefined;
  /** Modules and checksums at `/mod/`. */
  modproxy: boolean;
  /** Names of checksum databases; empty: the default. */
  sumdb: string[];
  /** Written like GOPROXY; `undefined`: go's own setting. */
  upstream: string | undefined;
  /** Hosts, `host` or `host:port`, with cached answers; empty: no forward proxy for any. */
  revproxy: string[];
  forwardConnect: boolean;
}

/** Where the cache directory is; `undefined`: below `$GOCACHE`. Each set of trusted keys has its own part. */
export type CacheDirSetting = string | undefined | { path: string | undefined; trustSet: string };

/** The keys that make records trusted, and the key that signs ours. */
export interface TrustConfig {
  /** Includes the one that belongs to `signKey`. */
  keys: readonly PublicKey[];
  signKey: SecretKey | undefined;
  /** How long a signature counts. */
  signForMs: number;
  /** Whether the split layout is read although it can't be signed. */
  readsSplit: boolean;
}

export interface RemoteConfig {
  bucket: BucketConfig;
  /** Goes before every key, as given. */
  prefix: string;
  /** Read after the own one, and never written. */
  readPrefixes: readonly string[];
  /** `undefined`: every record counts. */
  trust: TrustConfig | undefined;
  layout: "packed" | "split" | "both";
  /** Instead of the main module's path, and of the job's name; see `remote/scope/`. */
  project: string | undefined;
  job: string | undefined;
  readOnly: boolean;
  /** Whether results of tests are used and uploaded. */
  sharesTestResults: boolean;
  /** Outputs smaller than this are not uploaded. */
  minUploadBytes: number;
  uploadConcurrency: number;
  /** Longest wait for the first byte of an answer. */
  timeoutMs: number;
}

export type BucketConfig =
  | { kind: "directory"; path: string }
  | {
      kind: "s3";
      bucket: string;
      /** `undefined`: environment, profile, then the server's answer. */
      region: string | undefined;
      /** `undefined`: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, then AWS itself. */
      endpointUrl: string | undefined;
      /** `undefined`: path style, unless the endpoint is AWS's. */
      pathStyle: boolean | undefined;
    };
