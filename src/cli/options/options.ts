/**
 * The options of every command, once. Flags, environment variables, defaults, help and the README's table are made from
 * these tables; a new option is one row here and one field in `config.ts`.
 */
import { BUCKET_OPTIONS, TRUST_OPTIONS } from "./bucket-options.ts";
import type { CommonOption, ValuesOf } from "./option.ts";
import {
  parseAddress,
  parseBoolean,
  parseChoice,
  parseCount,
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
    meaning: "where the local cache is",
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
    meaning: "prune what was not used for this long, such as 48h or 1h30m; 6h at least; 0: keep",
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
  minUploadBytes: {
    flag: "min-upload-size",
    env: "GOCACHE_MIN_SIZE",
    placeholder: "SIZE",
    default: "0",
    meaning: "do not upload outputs smaller than this; split layout only, packs hold small ones for nothing",
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
    meaning: "how many uploads may run at once; of packs at most 3, for each is held in memory",
    parse: parseCount(DEFAULT_UPLOADS),
  },
  timeoutMs: {
    flag: "remote-timeout",
    env: "GOCACHE_REMOTE_TIMEOUT",
    placeholder: "DURATION",
    default: "5s",
    meaning: "how long to wait for the first byte of an answer before it counts as a miss",
    parse: parsePositiveTimeout,
  },
  drain: {
    flag: "drain",
    env: "GOCACHE_DRAIN",
    placeholder: "WHEN",
    default: "wait",
    meaning: "uploads left when go is done: wait lets go wait for them, background does not",
    parse: parseChoice("wait", "background"),
  },
  drainTimeoutMs: {
    flag: "drain-timeout",
    env: "GOCACHE_DRAIN_TIMEOUT",
    placeholder: "DURATION",
    default: "60s",
    meaning: "how long those uploads may take",
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
    meaning: "where serve waits for connect: a port on this machine, host:port, or the path of a Unix socket",
    parse: parseAddress,
  },
  http: {
    flag: "http",
    env: "GOCACHE_HTTP",
    placeholder: "ADDR",
    default: "",
    defaultMeaning: "none",
    meaning: "where serve answers HTTP: status, metrics, and the proxies; an address as for --plugin",
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
    meaning: "checksum databases that --modproxy passes on, with commas between them",
    parse: parseNames,
  },
  upstream: {
    flag: "upstream",
    env: "GOCACHE_UPSTREAM",
    placeholder: "URLS",
    default: "",
    defaultMeaning: "go's own GOPROXY",
    meaning:
      "where --modproxy has modules from, written like GOPROXY; the variable may hold URLs with a password",
    parse: parseOptionalText,
  },
  revproxy: {
    flag: "revproxy",
    env: "GOCACHE_REVPROXY",
    placeholder: "HOSTS",
    default: "",
    defaultMeaning: "none",
    meaning: "hosts whose downloads --http caches as a forward proxy, with commas between them",
    parse: parseNames,
  },
  forwardConnect: {
    flag: "forward-connect",
    env: "GOCACHE_FORWARD_CONNECT",
    default: "false",
    meaning: "let the forward proxy connect to other hosts than those of --revproxy too",
    parse: parseBoolean,
  },
} satisfies Record<string, CommonOption>;

const OUTPUT_OPTIONS = {
  metrics: {
    flag: "metrics",
    env: "GOCACHE_METRICS",
    default: "false",
    meaning: "say on stderr at exit how much was hit, saved and transferred; --metrics=json: all counters",
    parse: parseMetrics,
  },
  verbose: {
    flag: "v",
    env: "GOCACHE_VERBOSE",
    default: "false",
    meaning: "say on stderr what is done and what failed, and --metrics too",
    parse: parseBoolean,
  },
  logFormat: {
    flag: "log-format",
    env: "GOCACHE_LOG_FORMAT",
    placeholder: "FORMAT",
    default: "text",
    meaning: "how lines on stderr look: text, or json, an object each",
    parse: parseChoice("text", "json"),
  },
  debug: {
    flag: "debug",
    env: "GOCACHE_DEBUG",
    placeholder: "MASK",
    default: "0",
    meaning: 'log single requests: 1 build cache, 2 module proxy, 4 reverse proxy; see "help debug"',
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
};

/** The options by the name of their setting. */
export const OPTIONS = {
  ...CACHE_OPTIONS,
  ...BUCKET_OPTIONS,
  ...TRUST_OPTIONS,
  ...BEHAVIOUR_OPTIONS,
  ...SERVER_OPTIONS,
  ...OUTPUT_OPTIONS,
};

/** The value of every option. */
export type Settings = ValuesOf<typeof OPTIONS>;

/** The options in the order of the table. */
export const ALL_OPTIONS: readonly CommonOption[] = Object.values(OPTIONS);
