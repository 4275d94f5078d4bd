/** The options about the bucket and about trust in it. */
import { parseBucket, parseEndpointUrl, parsePrefix } from "./bucket-values.ts";
import { parsePrefixes, parseSignKey, parseTrustKeys } from "./key-values.ts";
import type { CommonOption } from "./option.ts";
import { parseChoice, parseName, parseOptionalBoolean, parseOptionalText } from "./values.ts";

/** The shared storage. */
export const BUCKET_OPTIONS = {
  bucket: {
    flag: "bucket",
    env: "GOCACHE_S3_BUCKET",
    placeholder: "BUCKET",
    default: "",
    defaultMeaning: "none (local cache only)",
    meaning: "shared storage: the name of an S3 bucket, s3://name, or file:///path for a directory",
    parse: parseBucket,
  },
  prefix: {
    flag: "prefix",
    env: "GOCACHE_KEY_PREFIX",
    placeholder: "PREFIX",
    default: "",
    defaultMeaning: "none",
    meaning: "prefix of every key in the bucket",
    parse: parsePrefix,
  },
  readPrefixes: {
    flag: "read-prefix",
    env: "GOCACHE_READ_PREFIXES",
    placeholder: "PREFIXES",
    default: "",
    defaultMeaning: "none",
    meaning: "more prefixes to read after --prefix, comma-separated, never written; /: the top of the bucket",
    isRepeatable: true,
    parse: parsePrefixes,
  },
  layout: {
    flag: "layout",
    env: "GOCACHE_LAYOUT",
    placeholder: "LAYOUT",
    default: "packed",
    meaning:
      "bucket layout: packed (many entries per object, prefetched), split (one object per entry, as in tailscale/go-cache-plugin), both",
    parse: parseChoice("packed", "split", "both"),
  },
  project: {
    flag: "project",
    env: "GOCACHE_PROJECT",
    placeholder: "NAME",
    default: "",
    defaultMeaning: "the main module's path",
    meaning: "project name; runs of one project share an index",
    parse: parseName,
  },
  job: {
    flag: "scope",
    env: "GOCACHE_SCOPE",
    placeholder: "NAME",
    default: "",
    defaultMeaning: "CI's job name",
    meaning: "job name, if CI's does not distinguish jobs (matrix legs)",
    parse: parseName,
  },
  region: {
    flag: "region",
    env: "GOCACHE_S3_REGION",
    placeholder: "REGION",
    default: "",
    defaultMeaning: "AWS's settings, else the server's answer",
    meaning: "the bucket's region",
    parse: parseOptionalText,
  },
  endpointUrl: {
    flag: "s3-endpoint-url",
    env: "GOCACHE_S3_ENDPOINT_URL",
    placeholder: "URL",
    default: "",
    defaultMeaning: "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS",
    meaning: "URL of the S3 server, such as http://localhost:9000",
    parse: parseEndpointUrl,
  },
  pathStyle: {
    flag: "s3-path-style",
    env: "GOCACHE_S3_PATH_STYLE",
    default: "",
    defaultMeaning: "true (false for AWS)",
    meaning:
      "put the bucket's name in the path of requests; --s3-path-style=false: in the host name, as some S3 servers require",
    parse: parseOptionalBoolean,
  },
} satisfies Record<string, CommonOption>;

/** The records that a run trusts. */
export const TRUST_OPTIONS = {
  signKey: {
    flag: "sign-key",
    env: "GOCACHE_SIGN_KEY",
    placeholder: "FILE",
    default: "",
    defaultMeaning: "none (sign nothing)",
    meaning:
      "sign uploads with this secret key, and trust its signatures; the variable may hold the key itself",
    parse: parseSignKey,
  },
  trustKeys: {
    flag: "trust-key",
    env: "GOCACHE_TRUST_KEYS",
    placeholder: "KEYS",
    default: "",
    defaultMeaning: "none (trust every record)",
    meaning: "use only records signed with one of these public keys or key files, comma-separated",
    isRepeatable: true,
    parse: parseTrustKeys,
  },
} satisfies Record<string, CommonOption>;
