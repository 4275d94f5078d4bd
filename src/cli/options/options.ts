/**
 * The options of every command, once. Flags, environment variables, defaults, help and docs/options.md are made from
 * these tables; a new option is one row here and one field in `config.ts`.
 */
import { BUCKET_OPTIONS, TRUST_OPTIONS } from "./bucket-options.ts";
import type { CommonOption, ValuesOf } from "./option.ts";
import {
  parseAddress,
  parseBoolean,
  parseChoice,
  parseCount,
  parseLongDuration,
  parseMask,
  parseMetrics,
  parseNames,
  parseOptionalDuration,
  parseOptionalText,
  parsePath,
  parsePositiveTimeout,
  parseSize,
  parseTimeout,
} from "./values.ts";

const DEFAULT_CONCURRENCY = 64;
const DEFAULT_UPLOADS = 16;

const CACHE_OPTIONS = {
  cacheDir: {
    flag: "cache-dir",
    env: "GOCACHE_DIR",
    placeholder: "PATH",
    default: "",
    defaultMeaning: "$GOCACHE/go-cache-plugin",
    meaning: "directory of the local cache",
    parse: parsePath,
  },
  maxSizeBytes: {
    flag: "max-size",
    env: "GOCACHE_MAX_SIZE",
    placeholder: "SIZE",
    default: "20GiB",
    meaning: "prune the local cache to this size, least recently used first; 0: no limit",
    parse: parseSize,
  },
  expiryMs: {
    flag: "expiry",
    env: "GOCACHE_EXPIRY",
    placeholder: "DURATION",
    default: "",
    defaultMeaning: "none",
    meaning: "prune entries unused for this long, such as 48h or 1h30m; at least 6h; 0: keep",
    parse: parseOptionalDuration,
  },
} satisfies Record<string, CommonOption>;

const BEHAVIOUR_OPTIONS = {
  readOnly: {
    flag: "read-only",
    env: "GOCACHE_READ_ONLY",
    default: "false",
    meaning: "read from the bucket, upload nothing",
    parse: parseBoolean,
  },
  testResults: {
    flag: "test-results",
    env: "GOCACHE_TEST_RESULTS",
    placeholder: "WHERE",
    default: "share",
    meaning:
      "results of tests: share (a test that passed elsewhere is not repeated), local (on this machine only) or off (every test runs)",
    parse: parseChoice("share", "local", "off"),
  },
  timeoutMs: {
    flag: "remote-timeout",
    env: "GOCACHE_REMOTE_TIMEOUT",
    placeholder: "DURATION",
    default: "5s",
    meaning: "how long to wait for the first byte of a response before it counts as a miss",
    parse: parsePositiveTimeout,
  },
  drainTimeoutMs: {
    flag: "drain-timeout",
    env: "GOCACHE_DRAIN_TIMEOUT",
    placeholder: "DURATION",
    default: "60s",
    meaning: "time limit for the remaining uploads",
    parse: parseTimeout,
  },
} satisfies Record<string, CommonOption>;

const SERVER_OPTIONS = {
  plugin: {
    flag: "plugin",
    env: "GOCACHE_PLUGIN",
    placeholder: "ADDR",
    default: "",
    defaultMeaning: "none",
    meaning:
      "address at which serve listens for connect: a port on this machine, host:port, or the path of a Unix socket",
    parse: parseAddress,
  },
  http: {
    flag: "http",
    env: "GOCACHE_HTTP",
    placeholder: "ADDR",
    default: "",
    defaultMeaning: "none",
    meaning: "address at which serve answers HTTP (status, metrics, proxies), written like --plugin",
    parse: parseAddress,
  },
  modproxy: {
    flag: "modproxy",
    env: "GOCACHE_MODPROXY",
    default: "false",
    meaning: "serve modules and checksums at /mod/ of --http",
    parse: parseBoolean,
  },
  sumdb: {
    flag: "sumdb",
    env: "GOCACHE_SUMDB",
    placeholder: "NAMES",
    default: "",
    defaultMeaning: "sum.golang.org,sum.golang.google.cn",
    meaning: "checksum databases that --modproxy serves, comma-separated",
    parse: parseNames,
  },
  upstream: {
    flag: "upstream",
    env: "GOCACHE_UPSTREAM",
    placeholder: "URLS",
    default: "",
    defaultMeaning: "go's GOPROXY",
    meaning: "upstream of --modproxy, written like GOPROXY; the variable may hold URLs with a password",
    parse: parseOptionalText,
  },
  revproxy: {
    flag: "revproxy",
    env: "GOCACHE_REVPROXY",
    placeholder: "HOSTS",
    default: "",
    defaultMeaning: "none",
    meaning: "hosts that the forward proxy on --http caches, comma-separated",
    parse: parseNames,
  },
  forwardConnect: {
    flag: "forward-connect",
    env: "GOCACHE_FORWARD_CONNECT",
    default: "false",
    meaning: "let the forward proxy connect to hosts outside --revproxy too",
    parse: parseBoolean,
  },
} satisfies Record<string, CommonOption>;

const OUTPUT_OPTIONS = {
  metrics: {
    flag: "metrics",
    env: "GOCACHE_METRICS",
    default: "false",
    meaning: "print hits, time saved and traffic to stderr at exit; --metrics=json: all counters",
    parse: parseMetrics,
  },
  verbose: {
    flag: "v",
    env: "GOCACHE_VERBOSE",
    default: "false",
    meaning: "verbose logging to stderr; implies --metrics",
    parse: parseBoolean,
  },
} satisfies Record<string, CommonOption>;

/** Options that nearly nobody needs. */
const ADVANCED_OPTIONS = {
  signForMs: {
    flag: "sign-for",
    env: "GOCACHE_SIGN_FOR",
    placeholder: "DURATION",
    default: "14d",
    meaning: "how long a signature is valid, such as 14d or 36h",
    parse: parseLongDuration,
  },
  trustSplit: {
    flag: "trust-split",
    env: "GOCACHE_TRUST_SPLIT",
    default: "false",
    meaning: "read the split layout, which has no signatures, even with keys to trust",
    parse: parseBoolean,
  },
  minUploadBytes: {
    flag: "min-upload-size",
    env: "GOCACHE_MIN_SIZE",
    placeholder: "SIZE",
    default: "0",
    meaning:
      "minimum size of uploaded outputs; split layout only, packs carry small outputs at no extra cost",
    parse: parseSize,
  },
  concurrency: {
    flag: "c",
    env: "GOCACHE_CONCURRENCY",
    placeholder: "N",
    default: String(DEFAULT_CONCURRENCY),
    meaning: "how many lookups may wait for the bucket at once",
    parse: parseCount(DEFAULT_CONCURRENCY),
  },
  uploadConcurrency: {
    flag: "u",
    env: "GOCACHE_S3_CONCURRENCY",
    placeholder: "N",
    default: String(DEFAULT_UPLOADS),
    meaning: "how many uploads may run at once; at most 3 of packs, since each is buffered in memory",
    parse: parseCount(DEFAULT_UPLOADS),
  },
  drain: {
    flag: "drain",
    env: "GOCACHE_DRAIN",
    placeholder: "WHEN",
    default: "wait",
    meaning: "remaining uploads at the end: wait (go waits for them) or background (go does not wait)",
    parse: parseChoice("wait", "background"),
  },
  logFormat: {
    flag: "log-format",
    env: "GOCACHE_LOG_FORMAT",
    placeholder: "FORMAT",
    default: "text",
    meaning: "format of lines on stderr: text, or json (one object per line)",
    parse: parseChoice("text", "json"),
  },
  debug: {
    flag: "debug",
    env: "GOCACHE_DEBUG",
    placeholder: "MASK",
    default: "0",
    meaning: 'log individual requests: 1 build cache, 2 module proxy, 4 reverse proxy; see "help debug"',
    parse: parseMask,
  },
} satisfies Record<string, CommonOption>;

/** The options under the headings of the help, in order. */
export const OPTION_GROUPS = {
  cache: CACHE_OPTIONS,
  bucket: BUCKET_OPTIONS,
  trust: TRUST_OPTIONS,
  behaviour: BEHAVIOUR_OPTIONS,
  server: SERVER_OPTIONS,
  output: OUTPUT_OPTIONS,
  advanced: ADVANCED_OPTIONS,
};

/** The options by the name of their setting. */
export const OPTIONS = {
  ...CACHE_OPTIONS,
  ...BUCKET_OPTIONS,
  ...TRUST_OPTIONS,
  ...BEHAVIOUR_OPTIONS,
  ...SERVER_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...ADVANCED_OPTIONS,
};

/** The value of every option. */
export type Settings = ValuesOf<typeof OPTIONS>;

/** The options in the order of the table. */
export const ALL_OPTIONS: readonly CommonOption[] = Object.values(OPTIONS);
