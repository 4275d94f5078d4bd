/** The options about the bucket and about trust in it. */
import { parseBucket, parseEndpointUrl, parsePrefix } from "./bucket-values.ts";
import { parsePrefixes, parseSignKey, parseTrustKeys } from "./key-values.ts";
import type { CommonOption } from "./option.ts";
import {
  parseBoolean,
  parseChoice,
  parseLongDuration,
  parseName,
  parseOptionalBoolean,
  parseOptionalText,
} from "./values.ts";

/** Where entries are shared. */
export const BUCKET_OPTIONS = {
  bucket: {
    flag: "bucket",
    env: "GOCACHE_S3_BUCKET",
    placeholder: "BUCKET",
    default: "",
    defaultMeaning: "none, a local cache only",
    meaning: "where entries are shared: an S3 bucket's name, s3://name, or file:///path for a directory",
    parse: parseBucket,
  },
  prefix: {
    flag: "prefix",
    env: "GOCACHE_KEY_PREFIX",
    placeholder: "PREFIX",
    default: "",
    defaultMeaning: "none",
    meaning: "goes before every key in the bucket",
    parse: parsePrefix,
  },
  readPrefixes: {
    flag: "read-prefix",
    env: "GOCACHE_READ_PREFIXES",
    placeholder: "PREFIXES",
    default: "",
    defaultMeaning: "none",
    meaning:
      "further prefixes, with commas between them, that are read after --prefix and never written; /: the bucket's top",
    isRepeatable: true,
    parse: parsePrefixes,
  },
  layout: {
    flag: "layout",
    env: "GOCACHE_LAYOUT",
    placeholder: "LAYOUT",
    default: "packed",
    meaning:
      "how entries lie in the bucket; packed: many an object, fetched ahead; split: an object each, as tailscale/go-cache-plugin has them; both",
    parse: parseChoice("packed", "split", "both"),
  },
  project: {
    flag: "project",
    env: "GOCACHE_PROJECT",
    placeholder: "NAME",
    default: "",
    defaultMeaning: "the main module's path",
    meaning: "whose builds these are: runs of one project find each other's entries",
    parse: parseName,
  },
  job: {
    flag: "scope",
    env: "GOCACHE_SCOPE",
    placeholder: "NAME",
    default: "",
    defaultMeaning: "CI's name of the job",
    meaning:
      "what this job is called, where CI's own name does not tell jobs apart, such as those of a matrix",
    parse: parseName,
  },
  region: {
    flag: "region",
    env: "GOCACHE_S3_REGION",
    placeholder: "REGION",
    default: "",
    defaultMeaning: "AWS's settings, then the server's word",
    meaning: "the bucket's region",
    parse: parseOptionalText,
  },
  endpointUrl: {
    flag: "s3-endpoint-url",
    env: "GOCACHE_S3_ENDPOINT_URL",
    placeholder: "URL",
    default: "",
    defaultMeaning: "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS",
    meaning: "the S3 server, such as http://localhost:9000",
    parse: parseEndpointUrl,
  },
  pathStyle: {
    flag: "s3-path-style",
    env: "GOCACHE_S3_PATH_STYLE",
    default: "",
    defaultMeaning: "true, but false for AWS",
    meaning:
      "name the bucket in the path of requests; --s3-path-style=false: in the host's name, as some S3 servers want it",
    parse: parseOptionalBoolean,
  },
} satisfies Record<string, CommonOption>;

/** Who may write what others use. */
export const TRUST_OPTIONS = {
  signKey: {
    flag: "sign-key",
    env: "GOCACHE_SIGN_KEY",
    placeholder: "FILE",
    default: "",
    defaultMeaning: "none, nothing is signed",
    meaning:
      "sign what goes into the bucket with this secret key, and trust what it has signed; the variable may hold the key itself",
    parse: parseSignKey,
  },
  signForMs: {
    flag: "sign-for",
    env: "GOCACHE_SIGN_FOR",
    placeholder: "DURATION",
    default: "14d",
    meaning: "how long a signature counts, such as 14d or 36h",
    parse: parseLongDuration,
  },
  trustKeys: {
    flag: "trust-key",
    env: "GOCACHE_TRUST_KEYS",
    placeholder: "KEYS",
    default: "",
    defaultMeaning: "none, every record counts",
    meaning:
      "use only what was signed with one of these public keys, or files with one, with commas between them",
    isRepeatable: true,
    parse: parseTrustKeys,
  },
  trustSplit: {
    flag: "trust-split",
    env: "GOCACHE_TRUST_SPLIT",
    default: "false",
    meaning: "read the split layout, which nobody can sign, although there are keys to trust",
    parse: parseBoolean,
  },
} satisfies Record<string, CommonOption>;
