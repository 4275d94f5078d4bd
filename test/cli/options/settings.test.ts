import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Config } from "../../../src/app/config.ts";
import { parseCommandLine } from "../../../src/cli/command-line.ts";
import { givenValues } from "../../../src/cli/options/given-values.ts";
import { ALL_OPTIONS } from "../../../src/cli/options/options.ts";
import { type Environment, resolveSettings, toConfig } from "../../../src/cli/options/settings.ts";
import { UsageError } from "../../../src/cli/usage-error.ts";
import { describeError } from "../../../src/lib/text/describe-error.ts";
import { formatPublicKey, formatSecretKey } from "../../../src/lib/text/ed25519-text.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

function configOf(args: string[], env: Environment = {}): Config {
  return toConfig(resolveSettings(parseCommandLine(args).flags, env));
}

afterAll(() => keys[Symbol.dispose]());

const DURATION = "is not a duration such as 48h or 1h30m";
const SIZE = "is not a size such as 20GiB, 500MB or 1048576";
const BUCKET = "is not a bucket name (3 to 63 of a-z 0-9 . - _), s3://name or file:///path";
const FILE_URL = "is not file:/// and an absolute path, such as file:///srv/gocache";

/** The URL of a path has a drive in it on Windows. */
const REFUSED_ON_POSIX = [
  ["bucket", "/mnt/my cache", '"/mnt/my cache" is a directory; write file:///mnt/my%20cache'],
] as const;

const REFUSED = [
  ["cache-dir", "~/cache", '"~" is not expanded here; write $HOME or the whole path'],
  ["cache-dir", "~", '"~" is not expanded here; write $HOME or the whole path'],
  ["max-size", "-1", `"-1" ${SIZE}`],
  ["max-size", "20 apples", `"20 apples" ${SIZE}`],
  ["expiry", "banana", `"banana" ${DURATION}`],
  ["expiry", "-1h", `"-1h" ${DURATION}`],
  ["expiry", "2", `"2" ${DURATION}`],
  ["bucket", "a", `"a" ${BUCKET}`],
  ["bucket", "a b c", `"a b c" ${BUCKET}`],
  ["bucket", "-name", `"-name" ${BUCKET}`],
  ["bucket", "gs://name", `"gs://name" ${BUCKET}`],
  ["bucket", "x".repeat(64), `"${"x".repeat(64)}" ${BUCKET}`],
  ["bucket", "./cache", '"./cache" is a directory; write file:// and an absolute path'],
  ["bucket", "~/cache", '"~/cache" is a directory; write file:// and an absolute path'],
  ["bucket", "name/ci", '"name/ci" has a slash; set the prefix of keys with --prefix'],
  ["prefix", "/ci", '"/ci" is not a prefix: it must not begin with a slash'],
  ["prefix", "a/../b", '"a/../b" is not a prefix: "." and ".." can\'t be parts of it'],
  ["bucket", "s3://name/ci", '"s3://name/ci" has a slash; set the prefix of keys with --prefix'],
  ["bucket", "file:cache", `"file:cache" ${FILE_URL}`],
  ["bucket", "file://cache", `"file://cache" ${FILE_URL}`],
  ["bucket", "file://./cache", `"file://./cache" ${FILE_URL}`],
  ["bucket", "file:///a?b", `"file:///a?b" ${FILE_URL}`],
  ["bucket", "file:///a#b", `"file:///a#b" ${FILE_URL}`],
  ["bucket", "file:///a%00", '"file:///a%00" is not the URL of a file'],
  ["bucket", "file:///a%2Fb", '"file:///a%2Fb" is not the URL of a file'],
  ["layout", "flat", '"flat" is not "packed" or "split" or "both"'],
  ["s3-endpoint-url", "localhost:9000", '"localhost:9000" is not a URL such as https://s3.example.com'],
  ["s3-endpoint-url", "example.com", '"example.com" is not a URL such as https://s3.example.com'],
  ["s3-endpoint-url", "ftp://example.com", '"ftp://example.com" is not a URL such as https://s3.example.com'],
  ["s3-endpoint-url", "http://h/?a=b", '"http://h/?a=b" is not a URL without ? and #'],
  ["s3-endpoint-url", "http://h/#", '"http://h/#" is not a URL without ? and #'],
  [
    "s3-endpoint-url",
    "http://me:secret@h",
    'remove the user and password from the URL; see "help configure"',
  ],
  ["s3-path-style", "yes", '"yes" is not true or false'],
  ["read-only", "2", '"2" is not true or false'],
  ["min-upload-size", "1.5", `"1.5" ${SIZE}`],
  ["c", "-1", '"-1" is not a whole number from 0 up'],
  ["c", "eight", '"eight" is not a whole number from 0 up'],
  ["c", "1.5", '"1.5" is not a whole number from 0 up'],
  ["u", "99999999999999999999", '"99999999999999999999" is not a whole number from 0 up'],
  ["remote-timeout", "0", '"0" is not a duration above 0'],
  ["remote-timeout", "-5s", `"-5s" ${DURATION}`],
  ["remote-timeout", "5", `"5" ${DURATION}`],
  ["drain", "no", '"no" is not "wait" or "background"'],
  ["drain-timeout", "-1s", `"-1s" ${DURATION}`],
  ["plugin", "99999", '"99999" is not a port, host:port, or the path of a Unix socket (at most 103 bytes)'],
  ["http", "~/x", '"~" is not expanded here; write $HOME or the whole path'],
  ["modproxy", "yes", '"yes" is not true or false'],
  ["forward-connect", "yes", '"yes" is not true or false'],
  ["log-format", "xml", '"xml" is not "text" or "json"'],
  ["debug", "all", '"all" is not a whole number'],
] as const;

describe("rejects, naming the source of the value,", () => {
  const refuses = (flag: string, text: string, complaint: string) => {
    const env = ALL_OPTIONS.find((option) => option.flag === flag)?.env ?? "";
    const dashes = flag.length === 1 ? "-" : "--";
    expect(() => configOf([`--${flag}=${text}`])).toThrow(new UsageError(`${dashes}${flag}: ${complaint}`));
    expect(() => configOf([], { [env]: text })).toThrow(new UsageError(`${env}: ${complaint}`));
  };
  test.each(REFUSED)("%s = %p", refuses);
  testOnPosix.each(REFUSED_ON_POSIX)("%s = %p", refuses);
});

const LOCAL: Config = {
  cacheDir: undefined,
  remote: undefined,
  expiryMs: undefined,
  maxSizeBytes: 20 * 2 ** 30,
  concurrency: 64,
  drain: "wait",
  drainTimeoutMs: 60_000,
  metrics: "off",
  job: undefined,
  testResults: "share",
  verbose: false,
  debug: 0,
  serve: {
    plugin: undefined,
    http: undefined,
    modproxy: false,
    sumdb: [],
    upstream: undefined,
    revproxy: [],
    forwardConnect: false,
  },
};

describe("without a bucket", () => {
  test("is a local cache, even with S3 options", () => {
    expect(configOf([])).toEqual(LOCAL);
    expect(configOf(["--region=x", "--s3-path-style", "--read-only", "--prefix=x"])).toEqual(LOCAL);
  });

  test("reads empty variables and empty flags as not set", () => {
    const empty = Object.fromEntries(ALL_OPTIONS.map((option) => [option.env, ""]));
    expect(configOf([], empty)).toEqual(LOCAL);
    const env = { GOCACHE_S3_BUCKET: "name", GOCACHE_DIR: "/x", GOCACHE_EXPIRY: "48h" };
    expect(configOf(["--bucket=", "--cache-dir=", "--expiry="], env)).toEqual(LOCAL);
  });
});

test("a bucket alone gets the default of every other option", () => {
  expect(configOf(["--bucket=name"]).remote).toEqual({
    bucket: { kind: "s3", bucket: "name", region: undefined, endpointUrl: undefined, pathStyle: undefined },
    prefix: "",
    layout: "packed",
    project: undefined,
    job: undefined,
    readOnly: false,
    sharesTestResults: true,
    minUploadBytes: 0,
    uploadConcurrency: 16,
    timeoutMs: 5000,
    readPrefixes: [],
    trust: undefined,
  });
});

const keys = tempDir("keys");
const SIGN_KEY = { seed: Buffer.alloc(32, 1), publicKey: Buffer.alloc(32, 2) };
const TRUST_KEY = Buffer.from(`${"AQ".repeat(21)}E`, "base64url");
writeFileSync(keys.join("secret"), `${formatSecretKey(SIGN_KEY)}\n`);
writeFileSync(keys.join("secret.pub"), `${formatPublicKey(SIGN_KEY.publicKey)}\n`);

const EVERYTHING = {
  "cache-dir": "/var/cache/go",
  "max-size": "1GiB",
  expiry: "48h",
  bucket: "s3://name",
  prefix: "ci",
  "read-prefix": "main,/,ci/,main/",
  layout: "both",
  project: "example.com/mono/tools",
  scope: "test/linux 1.26",
  region: "eu-central-1",
  "s3-endpoint-url": "http://localhost:9000",
  "s3-path-style": "1",
  "sign-key": keys.join("secret"),
  "trust-key": `${keys.join("secret.pub")},gocache-public:${"AQ".repeat(21)}E`,
  "read-only": "T",
  "test-results": "local",
  "remote-timeout": "1.5s",
  "drain-timeout": "2m",
  plugin: "5930",
  http: "[::1]:5970",
  modproxy: "1",
  sumdb: "sum.golang.org, sum.example.com,",
  upstream: "https://proxy.example.com,direct",
  revproxy: "a.example.com,b.example.com:8443",
  "forward-connect": "true",
  metrics: "TRUE",
  v: "t",
  "sign-for": "36h",
  "trust-split": "1",
  "min-upload-size": "4KiB",
  c: "8",
  u: "4",
  drain: "background",
  "log-format": "json",
  debug: "5",
};

const EVERYTHING_CONFIG: Config = {
  cacheDir: { path: "/var/cache/go", trustSet: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown as string },
  remote: {
    bucket: {
      kind: "s3",
      bucket: "name",
      region: "eu-central-1",
      endpointUrl: "http://localhost:9000",
      pathStyle: true,
    },
    prefix: "ci",
    layout: "both",
    project: "example.com/mono/tools",
    job: "test/linux 1.26",
    readOnly: true,
    sharesTestResults: false,
    minUploadBytes: 4096,
    uploadConcurrency: 4,
    timeoutMs: 1500,
    readPrefixes: ["main", ""],
    trust: {
      keys: [SIGN_KEY.publicKey, SIGN_KEY.publicKey, TRUST_KEY],
      signKey: SIGN_KEY,
      signForMs: 36 * 3_600_000,
      readsSplit: true,
    },
  },
  expiryMs: 172_800_000,
  maxSizeBytes: 2 ** 30,
  concurrency: 8,
  drain: "background",
  drainTimeoutMs: 120_000,
  metrics: "json",
  job: "test/linux 1.26",
  testResults: "local",
  verbose: true,
  debug: 5,
  serve: {
    plugin: { kind: "tcp", host: "127.0.0.1", port: 5930 },
    http: { kind: "tcp", host: "::1", port: 5970 },
    modproxy: true,
    sumdb: ["sum.golang.org", "sum.example.com"],
    upstream: "https://proxy.example.com,direct",
    revproxy: ["a.example.com", "b.example.com:8443"],
    forwardConnect: true,
  },
};

describe("every option", () => {
  const flags = Object.entries(EVERYTHING).map(([flag, text]) => `-${flag}=${text}`);
  const env = Object.fromEntries(
    ALL_OPTIONS.map((option) => [option.env, EVERYTHING[option.flag as keyof typeof EVERYTHING]]),
  );

  test("is in this list", () => {
    expect(ALL_OPTIONS.map((option) => option.flag)).toEqual(Object.keys(EVERYTHING));
  });

  test("can be a flag", () => {
    expect(configOf(flags)).toEqual(EVERYTHING_CONFIG);
  });

  test("can be a variable", () => {
    expect(configOf([], env)).toEqual(EVERYTHING_CONFIG);
  });

  test("as a flag overrides the variable, which is not even parsed", () => {
    const nonsense = Object.fromEntries(ALL_OPTIONS.map((option) => [option.env, "~/nonsense"]));
    expect(configOf(flags, nonsense)).toEqual(EVERYTHING_CONFIG);
  });
});

describe("values", () => {
  test.each([
    ["name", { kind: "s3", bucket: "name" }],
    ["My_Bucket.x-1", { kind: "s3", bucket: "My_Bucket.x-1" }],
    ["s3://name/", { kind: "s3", bucket: "name" }],
  ] as const)("--bucket=%s", (text, bucket) => {
    expect(configOf([`--bucket=${text}`]).remote?.bucket).toMatchObject(bucket);
  });

  testOnPosix.each([
    ["file:///srv/gocache", { kind: "directory", path: "/srv/gocache" }],
    ["file:///srv/go%20cache", { kind: "directory", path: "/srv/go cache" }],
    ["FILE:///srv", { kind: "directory", path: "/srv" }],
  ] as const)("--bucket=%s", (text, bucket) => {
    expect(configOf([`--bucket=${text}`]).remote?.bucket).toMatchObject(bucket);
  });

  test("an expiry is at least six hours, and 0 is none", () => {
    expect(configOf(["--expiry=1h"]).expiryMs).toBe(21_600_000);
    expect(configOf(["--expiry=6h1m"]).expiryMs).toBe(21_660_000);
    expect(configOf(["--expiry=0"]).expiryMs).toBeUndefined();
    expect(configOf(["--expiry=0s"]).expiryMs).toBeUndefined();
  });

  test("a size limit of 0 is none", () => {
    expect(configOf(["--max-size=0"]).maxSizeBytes).toBe(0);
  });

  test("-c=0 and -u=0 are the defaults, as in tailscale/go-cache-plugin", () => {
    const { concurrency, remote } = configOf(["-c=0", "-u=0", "--bucket=name"]);
    expect([concurrency, remote?.uploadConcurrency]).toEqual([64, 16]);
  });

  test("a timeout beyond the range of a timer becomes the maximum", () => {
    const { drainTimeoutMs, remote } = configOf([
      "--drain-timeout=9999h",
      "--remote-timeout=9999h",
      "--bucket=name",
    ]);
    expect([drainTimeoutMs, remote?.timeoutMs]).toEqual([2_147_483_647, 2_147_483_647]);
  });

  test("--drain-timeout=0 does not wait", () => {
    expect(configOf(["--drain-timeout=0"]).drainTimeoutMs).toBe(0);
  });

  test("-v implies --metrics, as in tailscale/go-cache-plugin", () => {
    expect(configOf(["-v"])).toEqual({ ...LOCAL, verbose: true, metrics: "summary" });
    expect(configOf(["--metrics"])).toEqual({ ...LOCAL, metrics: "summary" });
  });

  test.each([
    ["true", "summary"],
    ["1", "summary"],
    ["json", "json"],
    ["false", "off"],
    ["0", "off"],
  ] as const)("GOCACHE_METRICS=%s prints: %s", (text, form) => {
    expect(configOf([], { GOCACHE_METRICS: text }).metrics).toBe(form);
    expect(configOf([`--metrics=${text}`]).metrics).toBe(form);
  });

  test("with a JSON log the metrics are JSON too", () => {
    expect(configOf(["--metrics", "--log-format=json"]).metrics).toBe("json");
  });

  test("--debug accepts any mask", () => {
    expect([configOf(["--debug=0x4"]).debug, configOf(["--debug=-1"]).debug]).toEqual([4, -1]);
  });
});

test("a project or job name contains no token", () => {
  const url = "https://gitlab-ci-token:hunter2@gitlab.example.com/team/app.git";
  const { project, job } = resolveSettings(new Map(), { GOCACHE_PROJECT: url, GOCACHE_SCOPE: url });
  expect([project, job]).toEqual(Array(2).fill("https://***@gitlab.example.com/team/app.git"));
});

test.each(ALL_OPTIONS.map((option) => [option.env, option.flag] as const))(
  "no error about %s shows a password, and nothing that prints settings does",
  (variable, flag) => {
    for (const value of ["https://user:hunter2@host", "https://user:hun/ter2@host", "ftp://hunter2@host/x"]) {
      const shown = (work: () => unknown) => {
        try {
          return JSON.stringify(work());
        } catch (error) {
          return describeError(error);
        }
      };
      const env = { [variable]: value };
      expect(shown(() => givenValues(new Map(), env))).not.toContain("ter2");
      expect(shown(() => parseCommandLine([`--${flag}=${value}`]))).not.toContain("ter2");
    }
  },
);
