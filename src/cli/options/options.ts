/**
 * Every option there is, once. The flags, the environment variables, their defaults, `help`, and the table in
 * README.md are made from this; a new option is one entry here and one field in `config.ts`.
 */
import { parseAddress, parseNames } from "./address-values.ts";
import { parseBucket, parseEndpointUrl, parsePrefix } from "./bucket-values.ts";
import { parsePrefixes, parseSignKey, parseTrustKeys } from "./key-values.ts";
import {
  parseBoolean,
  parseChoice,
  parseCount,
  parseLongDuration,
  parseMask,
  parseMetrics,
  parseName,
  parseOptionalBoolean,
  parseOptionalDuration,
  parseOptionalText,
  parsePath,
  parsePositiveTimeout,
  parseSize,
  parseTimeout,
  type ValueParser,
} from "./values.ts";

/** The headings of the help, in order. */
export const OPTION_GROUPS = ["cache", "bucket", "trust", "behaviour", "server", "output"] as const;

/** One option. */
export interface Option<T = unknown> {
  /** The flag's name without dashes. */
  flag: string;
  env: string;
  /** What the help calls the value; a boolean has none. */
  placeholder?: string;
  group: (typeof OPTION_GROUPS)[number];
  /** As a user would write it; read by `parse` like everything else. */
  default: string;
  /** What the help says instead of an empty default. */
  defaultMeaning?: string;
  meaning: string;
  /** Given several times, the values count together, as with commas between them. */
  isRepeatable?: true;
  parse: ValueParser<T>;
}

const DEFAULT_CONCURRENCY = 64;
const DEFAULT_UPLOADS = 16;

/** The options by the name of their setting. */
export const OPTIONS = {
  cacheDir: option({
    flag: "cache-dir",
    env: "GOCACHE_DIR",
    placeholder: "PATH",
    group: "cache",
    default: "",
    defaultMeaning: "$GOCACHE/go-cache-plugin",
    meaning: "where the local cache is",
    parse: parsePath,
  }),
  maxSizeBytes: option({
    flag: "max-size",
    env: "GOCACHE_MAX_SIZE",
    placeholder: "SIZE",
    group: "cache",
    default: "20GiB",
    meaning: "prune the local cache to this size, least recently used first; 0: no limit",
    parse: parseSize,
  }),
  expiryMs: option({
    flag: "expiry",
    env: "GOCACHE_EXPIRY",
    placeholder: "DURATION",
    group: "cache",
    default: "",
    defaultMeaning: "none",
    meaning: "prune what was not used for this long, such as 48h or 1h30m; 6h at least; 0: keep",
    parse: parseOptionalDuration,
  }),
  bucket: option({
    flag: "bucket",
    env: "GOCACHE_S3_BUCKET",
    placeholder: "BUCKET",
    group: "bucket",
    default: "",
    defaultMeaning: "none, a local cache only",
    meaning: "where entries are shared: an S3 bucket's name, s3://name, or file:///path for a directory",
    parse: parseBucket,
  }),
  prefix: option({
    flag: "prefix",
    env: "GOCACHE_KEY_PREFIX",
    placeholder: "PREFIX",
    group: "bucket",
    default: "",
    defaultMeaning: "none",
    meaning: "goes before every key in the bucket",
    parse: parsePrefix,
  }),
  readPrefixes: option({
    flag: "read-prefix",
    env: "GOCACHE_READ_PREFIXES",
    placeholder: "PREFIXES",
    group: "bucket",
    default: "",
    defaultMeaning: "none",
    meaning:
      "further prefixes, with commas between them, that are read after --prefix and never written; /: the bucket's top",
    isRepeatable: true,
    parse: parsePrefixes,
  }),
  layout: option({
    flag: "layout",
    env: "GOCACHE_LAYOUT",
    placeholder: "LAYOUT",
    group: "bucket",
    default: "packed",
    meaning:
      "how entries lie in the bucket; packed: many an object, fetched ahead; split: an object each, as tailscale/go-cache-plugin has them; both",
    parse: parseChoice("packed", "split", "both"),
  }),
  project: option({
    flag: "project",
    env: "GOCACHE_PROJECT",
    placeholder: "NAME",
    group: "bucket",
    default: "",
    defaultMeaning: "the main module's path",
    meaning: "whose builds these are: runs of one project find each other's entries",
    parse: parseName,
  }),
  job: option({
    flag: "scope",
    env: "GOCACHE_SCOPE",
    placeholder: "NAME",
    group: "bucket",
    default: "",
    defaultMeaning: "CI's name of the job",
    meaning:
      "what this job is called, where CI's own name does not tell jobs apart, such as those of a matrix",
    parse: parseName,
  }),
  region: option({
    flag: "region",
    env: "GOCACHE_S3_REGION",
    placeholder: "REGION",
    group: "bucket",
    default: "",
    defaultMeaning: "AWS's settings, then the server's word",
    meaning: "the bucket's region",
    parse: parseOptionalText,
  }),
  endpointUrl: option({
    flag: "s3-endpoint-url",
    env: "GOCACHE_S3_ENDPOINT_URL",
    placeholder: "URL",
    group: "bucket",
    default: "",
    defaultMeaning: "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS",
    meaning: "the S3 server, such as http://localhost:9000",
    parse: parseEndpointUrl,
  }),
  pathStyle: option({
    flag: "s3-path-style",
    env: "GOCACHE_S3_PATH_STYLE",
    group: "bucket",
    default: "",
    defaultMeaning: "true, but false for AWS",
    meaning:
      "name the bucket in the path of requests; --s3-path-style=false: in the host's name, as some S3 servers want it",
    parse: parseOptionalBoolean,
  }),
  signKey: option({
    flag: "sign-key",
    env: "GOCACHE_SIGN_KEY",
    placeholder: "FILE",
    group: "trust",
    default: "",
    defaultMeaning: "none, nothing is signed",
    meaning:
      "sign what goes into the bucket with this secret key, and trust what it has signed; the variable may hold the key itself",
    parse: parseSignKey,
  }),
  signForMs: option({
    flag: "sign-for",
    env: "GOCACHE_SIGN_FOR",
    placeholder: "DURATION",
    group: "trust",
    default: "14d",
    meaning: "how long a signature counts, such as 14d or 36h",
    parse: parseLongDuration,
  }),
  trustKeys: option({
    flag: "trust-key",
    env: "GOCACHE_TRUST_KEYS",
    placeholder: "KEYS",
    group: "trust",
    default: "",
    defaultMeaning: "none, every record counts",
    meaning:
      "use only what was signed with one of these public keys, or files with one, with commas between them",
    isRepeatable: true,
    parse: parseTrustKeys,
  }),
  trustSplit: option({
    flag: "trust-split",
    env: "GOCACHE_TRUST_SPLIT",
    group: "trust",
    default: "false",
    meaning: "read the split layout, which nobody can sign, although there are keys to trust",
    parse: parseBoolean,
  }),
  readOnly: option({
    flag: "read-only",
    env: "GOCACHE_READ_ONLY",
    group: "behaviour",
    default: "false",
    meaning: "read from the bucket, upload nothing",
    parse: parseBoolean,
  }),
  minUploadBytes: option({
    flag: "min-upload-size",
    env: "GOCACHE_MIN_SIZE",
    placeholder: "SIZE",
    group: "behaviour",
    default: "0",
    meaning: "do not upload outputs smaller than this; split layout only, packs hold small ones for nothing",
    parse: parseSize,
  }),
  concurrency: option({
    flag: "c",
    env: "GOCACHE_CONCURRENCY",
    placeholder: "N",
    group: "behaviour",
    default: String(DEFAULT_CONCURRENCY),
    meaning: "how many lookups may wait for the bucket at once",
    parse: parseCount(DEFAULT_CONCURRENCY),
  }),
  uploadConcurrency: option({
    flag: "u",
    env: "GOCACHE_S3_CONCURRENCY",
    placeholder: "N",
    group: "behaviour",
    default: String(DEFAULT_UPLOADS),
    meaning: "how many uploads may run at once; of packs at most 3, for each is held in memory",
    parse: parseCount(DEFAULT_UPLOADS),
  }),
  timeoutMs: option({
    flag: "remote-timeout",
    env: "GOCACHE_REMOTE_TIMEOUT",
    placeholder: "DURATION",
    group: "behaviour",
    default: "5s",
    meaning: "how long to wait for the first byte of an answer before it counts as a miss",
    parse: parsePositiveTimeout,
  }),
  drain: option({
    flag: "drain",
    env: "GOCACHE_DRAIN",
    placeholder: "WHEN",
    group: "behaviour",
    default: "wait",
    meaning: "uploads left when go is done: wait lets go wait for them, background does not",
    parse: parseChoice("wait", "background"),
  }),
  drainTimeoutMs: option({
    flag: "drain-timeout",
    env: "GOCACHE_DRAIN_TIMEOUT",
    placeholder: "DURATION",
    group: "behaviour",
    default: "60s",
    meaning: "how long those uploads may take",
    parse: parseTimeout,
  }),
  plugin: option({
    flag: "plugin",
    env: "GOCACHE_PLUGIN",
    placeholder: "ADDR",
    group: "server",
    default: "",
    defaultMeaning: "none",
    meaning: "where serve waits for connect: a port on this machine, host:port, or the path of a Unix socket",
    parse: parseAddress,
  }),
  http: option({
    flag: "http",
    env: "GOCACHE_HTTP",
    placeholder: "ADDR",
    group: "server",
    default: "",
    defaultMeaning: "none",
    meaning: "where serve answers HTTP: status, metrics, and the proxies; an address as for --plugin",
    parse: parseAddress,
  }),
  modproxy: option({
    flag: "modproxy",
    env: "GOCACHE_MODPROXY",
    group: "server",
    default: "false",
    meaning: "serve modules and checksums at /mod/ of --http",
    parse: parseBoolean,
  }),
  sumdb: option({
    flag: "sumdb",
    env: "GOCACHE_SUMDB",
    placeholder: "NAMES",
    group: "server",
    default: "",
    defaultMeaning: "sum.golang.org,sum.golang.google.cn",
    meaning: "checksum databases that --modproxy passes on, with commas between them",
    parse: parseNames,
  }),
  upstream: option({
    flag: "upstream",
    env: "GOCACHE_UPSTREAM",
    placeholder: "URLS",
    group: "server",
    default: "",
    defaultMeaning: "go's own GOPROXY",
    meaning:
      "where --modproxy has modules from, written like GOPROXY; the variable may hold URLs with a password",
    parse: parseOptionalText,
  }),
  revproxy: option({
    flag: "revproxy",
    env: "GOCACHE_REVPROXY",
    placeholder: "HOSTS",
    group: "server",
    default: "",
    defaultMeaning: "none",
    meaning: "hosts whose downloads --http caches as a forward proxy, with commas between them",
    parse: parseNames,
  }),
  forwardConnect: option({
    flag: "forward-connect",
    env: "GOCACHE_FORWARD_CONNECT",
    group: "server",
    default: "false",
    meaning: "let the forward proxy connect to other hosts than those of --revproxy too",
    parse: parseBoolean,
  }),
  metrics: option({
    flag: "metrics",
    env: "GOCACHE_METRICS",
    group: "output",
    default: "false",
    meaning: "say on stderr at exit how much was hit, saved and transferred; --metrics=json: all counters",
    parse: parseMetrics,
  }),
  verbose: option({
    flag: "v",
    env: "GOCACHE_VERBOSE",
    group: "output",
    default: "false",
    meaning: "say on stderr what is done and what failed, and --metrics too",
    parse: parseBoolean,
  }),
  logFormat: option({
    flag: "log-format",
    env: "GOCACHE_LOG_FORMAT",
    placeholder: "FORMAT",
    group: "output",
    default: "text",
    meaning: "how lines on stderr look: text, or json, an object each",
    parse: parseChoice("text", "json"),
  }),
  debug: option({
    flag: "debug",
    env: "GOCACHE_DEBUG",
    placeholder: "MASK",
    group: "output",
    default: "0",
    meaning: 'log single requests: 1 build cache, 2 module proxy, 4 reverse proxy; see "help debug"',
    parse: parseMask,
  }),
};

/** The value of every option. */
export type Settings = { [K in keyof typeof OPTIONS]: ReturnType<(typeof OPTIONS)[K]["parse"]> };

/** The options in the order of the table. */
export const ALL_OPTIONS: readonly Option[] = Object.values(OPTIONS);

/** The flag as it is typed: two dashes, one before a single letter. */
export function dashed(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag}`;
}

function option<T>(spec: Option<T>): Option<T> {
  return spec;
}
