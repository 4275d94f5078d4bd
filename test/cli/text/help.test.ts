import { describe, expect, test } from "bun:test";
import { loadCommands } from "../../../src/cli/command.ts";
import { checkFlags, readCommandLine } from "../../../src/cli/command-line.ts";
import { TERMINAL_HINT } from "../../../src/cli/commands/direct.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { dashed, parseOwnOptions } from "../../../src/cli/options/option.ts";
import { ALL_OPTIONS } from "../../../src/cli/options/options.ts";
import { resolveSettings, toConfig } from "../../../src/cli/options/settings.ts";
import { helpText } from "../../../src/cli/text/help.ts";

/** The topics of tailscale/go-cache-plugin. */
const TOPICS = [
  "configure",
  "environment",
  "direct-mode",
  "serve-mode",
  "module-proxy",
  "reverse-proxy",
  "debug",
];
const ALL = await loadCommands(COMMANDS);
const ALL_TEXTS = [undefined, ...TOPICS, "trust", "native-mode", ...COMMANDS.keys()].map(
  (topic) => [topic, helpText(topic, ALL)] as const,
);

describe("every text", () => {
  test.each(ALL_TEXTS)("of %p is at most 100 wide, plain ASCII, and ends with one line break", (_, text) => {
    expect(text.split("\n").filter((line) => line.length > 100)).toEqual([]);
    expect(text).toMatch(/^[\n\x20-\x7e]+[^\n]\n$/);
    expect(text.split("\n").filter((line) => line.endsWith(" "))).toEqual([]);
  });
});

test("names each flag and variable in the overview and under environment", () => {
  for (const { flag, env } of ALL_OPTIONS) {
    for (const text of [helpText(undefined, ALL), helpText("environment", ALL)]) {
      expect(text).toMatch(new RegExp(`^  ${dashed(flag)} `, "m"));
      expect(text).toContain(env);
    }
  }
});

describe("the examples of", () => {
  const shown = ALL.filter(({ meta }) => meta.group !== undefined);
  test.each(shown.map((command) => [command.meta.name, command] as const))(
    "%s are command lines that work",
    async (name, { options }) => {
      const examples = [...helpText(name, ALL).matchAll(/^ {2}(?!.*\bEOF)(.*go-cache-plugin .*)$/gm)].map(
        ([, line]) => line ?? "",
      );
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const inner = /go-cache-plugin ([^"|>)]*)/.exec(example)?.[1]?.trim() ?? "";
        const line = await readCommandLine(inner.split(" "), COMMANDS);
        expect(line.words[0]).toBe(name);
        await checkFlags(line, COMMANDS);
        toConfig(resolveSettings(line.flags, {}));
        parseOwnOptions(options, line.flags);
      }
    },
  );
});

test("every GOCACHEPROG in the help is a command line that works", async () => {
  const texts = [TERMINAL_HINT, ...ALL_TEXTS.map(([, text]) => text)].join("\n");
  const shown = [...texts.matchAll(/GOCACHEPROG="?(go-cache-plugin[^"\n]*)/g)].map((match) => match[1] ?? "");
  expect(shown.length).toBeGreaterThan(4);
  for (const line of shown) {
    const { flags, words } = await readCommandLine(line.split(" ").slice(1), COMMANDS);
    expect(words[0] ?? "connect").toBe("connect");
    toConfig(resolveSettings(flags, {}));
  }
});

test("the overview", () => {
  expect(helpText(undefined, ALL)).toMatchInlineSnapshot(`
    "Shares Go's build cache between machines through an S3 bucket or a directory.
    The go command starts it through GOCACHEPROG; without a bucket it is a local cache.

    usage: go-cache-plugin [flags] [command]

      export GOCACHEPROG="go-cache-plugin --cache-dir=/tmp/gocache --bucket=my-bucket"
      go build ./...

    commands to use the cache:
      init PLACE        print the setup for github, gitlab, buildkite, circleci, jenkins, shell, docker
      serve             serve many go commands, and the HTTP services of --http, from one process
      connect [ADDR]    serve the go command that started this program, with the help of a server
      prefetch          prefetch what this job's last run used; returns at once without --wait
      completion SHELL  print a shell completion script: bash, zsh, fish

    commands in CI:
      restore           fill the caches of go and of linters with what this job's last run used
      save              upload what is new in the caches of go and of linters, and record what was used
      exec COMMAND      restore, run a command, save; its exit code is the command's
      mtimes [DIR]      set the same file times in every checkout, so that test results hit

    commands to look at it:
      doctor            report problems and how to fix them; exit code 1 for errors, 3 for warnings
      stats             show hits, traffic, time saved and cost of this job
      explain           explain the most recent cache misses
      inspect [ID]      show what is in the bucket, or where an action or output is stored
      env               print the environment variables for go, for a shell to evaluate
      version           print the version, the commit, Bun's version and the platform
      help [TOPIC]      print this overview, or the help of a topic or command

    commands to maintain it:
      prune             prune the local cache to --max-size and --expiry now; entries used in 6h stay
      gc                remove from the bucket what no run used for two weeks; needs s3:DeleteObject
      verify            check the local cache and the bucket against their hashes
      mod TASK          manage --modproxy modules: prefetch [GO.SUM...], verify, import DIR, export DIR
      ca ACTION         print, install or uninstall the certificate of the forward proxy (--revproxy)
      keygen [FILE]     generate a key pair for --sign-key and --trust-key; the secret key goes to FILE

    topics, for help TOPIC:
      configure      how to set up the program
      environment    the environment variables
      trust          which uploads a build trusts
      direct-mode    how the go command runs the program
      native-mode    how a CI job shares go's own cache
      serve-mode     one server for many go commands
      module-proxy   caching modules and checksums
      reverse-proxy  caching other downloads
      debug          logging individual requests

    Every command takes these flags.

    cache:
      --cache-dir PATH           directory of the local cache
                                 GOCACHE_DIR, default: $GOCACHE/go-cache-plugin
      --max-size SIZE            prune the local cache to this size, least recently used first; 0: no
                                 limit
                                 GOCACHE_MAX_SIZE, default: 20GiB
      --expiry DURATION          prune entries unused for this long, such as 48h or 1h30m; at least 6h;
                                 0: keep
                                 GOCACHE_EXPIRY, default: none

    bucket:
      --bucket BUCKET            shared storage: the name of an S3 bucket, s3://name, or file:///path
                                 for a directory
                                 GOCACHE_S3_BUCKET, default: none (local cache only)
      --prefix PREFIX            prefix of every key in the bucket
                                 GOCACHE_KEY_PREFIX, default: none
      --read-prefix PREFIXES     more prefixes to read after --prefix, comma-separated, never written;
                                 /: the top of the bucket
                                 GOCACHE_READ_PREFIXES, default: none
      --layout LAYOUT            bucket layout: packed (many entries per object, prefetched), split (one
                                 object per entry, as in tailscale/go-cache-plugin), both
                                 GOCACHE_LAYOUT, default: packed
      --project NAME             project name; runs of one project share an index
                                 GOCACHE_PROJECT, default: the main module's path
      --scope NAME               job name, if CI's does not distinguish jobs (matrix legs)
                                 GOCACHE_SCOPE, default: CI's job name
      --region REGION            the bucket's region
                                 GOCACHE_S3_REGION, default: AWS's settings, else the server's answer
      --s3-endpoint-url URL      URL of the S3 server, such as http://localhost:9000
                                 GOCACHE_S3_ENDPOINT_URL, default: AWS_ENDPOINT_URL_S3,
                                 AWS_ENDPOINT_URL, AWS
      --s3-path-style            put the bucket's name in the path of requests; --s3-path-style=false:
                                 in the host name, as some S3 servers require
                                 GOCACHE_S3_PATH_STYLE, default: true (false for AWS)

    trust:
      --sign-key FILE            sign uploads with this secret key, and trust its signatures; the
                                 variable may hold the key itself
                                 GOCACHE_SIGN_KEY, default: none (sign nothing)
      --trust-key KEYS           use only records signed with one of these public keys or key files,
                                 comma-separated
                                 GOCACHE_TRUST_KEYS, default: none (trust every record)

    behaviour:
      --read-only                read from the bucket, upload nothing
                                 GOCACHE_READ_ONLY, default: false
      --test-results WHERE       results of tests: share (a test that passed elsewhere is not repeated),
                                 local (on this machine only) or off (every test runs)
                                 GOCACHE_TEST_RESULTS, default: share
      --remote-timeout DURATION  how long to wait for the first byte of a response before it counts as a
                                 miss
                                 GOCACHE_REMOTE_TIMEOUT, default: 5s
      --drain-timeout DURATION   time limit for the remaining uploads
                                 GOCACHE_DRAIN_TIMEOUT, default: 60s

    server:
      --plugin ADDR              address at which serve listens for connect: a port on this machine,
                                 host:port, or the path of a Unix socket
                                 GOCACHE_PLUGIN, default: none
      --http ADDR                address at which serve answers HTTP (status, metrics, proxies), written
                                 like --plugin
                                 GOCACHE_HTTP, default: none
      --modproxy                 serve modules and checksums at /mod/ of --http
                                 GOCACHE_MODPROXY, default: false
      --sumdb NAMES              checksum databases that --modproxy serves, comma-separated
                                 GOCACHE_SUMDB, default: sum.golang.org,sum.golang.google.cn
      --upstream URLS            upstream of --modproxy, written like GOPROXY; the variable may hold
                                 URLs with a password
                                 GOCACHE_UPSTREAM, default: go's GOPROXY
      --revproxy HOSTS           hosts that the forward proxy on --http caches, comma-separated
                                 GOCACHE_REVPROXY, default: none
      --forward-connect          let the forward proxy connect to hosts outside --revproxy too
                                 GOCACHE_FORWARD_CONNECT, default: false

    output:
      --metrics                  print hits, time saved and traffic to stderr at exit; --metrics=json:
                                 all counters
                                 GOCACHE_METRICS, default: false
      -v                         verbose logging to stderr; implies --metrics
                                 GOCACHE_VERBOSE, default: false

    advanced:
      --sign-for DURATION        how long a signature is valid, such as 14d or 36h
                                 GOCACHE_SIGN_FOR, default: 14d
      --trust-split              read the split layout, which has no signatures, even with keys to trust
                                 GOCACHE_TRUST_SPLIT, default: false
      --min-upload-size SIZE     minimum size of uploaded outputs; split layout only, packs carry small
                                 outputs at no extra cost
                                 GOCACHE_MIN_SIZE, default: 0
      -c N                       how many lookups may wait for the bucket at once
                                 GOCACHE_CONCURRENCY, default: 64
      -u N                       how many uploads may run at once; at most 3 of packs, since each is
                                 buffered in memory
                                 GOCACHE_S3_CONCURRENCY, default: 16
      --drain WHEN               remaining uploads at the end: wait (go waits for them) or background
                                 (go does not wait)
                                 GOCACHE_DRAIN, default: wait
      --log-format FORMAT        format of lines on stderr: text, or json (one object per line)
                                 GOCACHE_LOG_FORMAT, default: text
      --debug MASK               log individual requests: 1 build cache, 2 module proxy, 4 reverse
                                 proxy; see "help debug"
                                 GOCACHE_DEBUG, default: 0
    "
  `);
});

test("the variables", () => {
  expect(helpText("environment", ALL)).toMatchInlineSnapshot(`
    "Every flag has a variable with the same syntax. An empty variable counts as not set.

      flag               variable                 value     default
      --cache-dir        GOCACHE_DIR              PATH      $GOCACHE/go-cache-plugin
      --max-size         GOCACHE_MAX_SIZE         SIZE      20GiB
      --expiry           GOCACHE_EXPIRY           DURATION  none
      --bucket           GOCACHE_S3_BUCKET        BUCKET    none (local cache only)
      --prefix           GOCACHE_KEY_PREFIX       PREFIX    none
      --read-prefix      GOCACHE_READ_PREFIXES    PREFIXES  none
      --layout           GOCACHE_LAYOUT           LAYOUT    packed
      --project          GOCACHE_PROJECT          NAME      the main module's path
      --scope            GOCACHE_SCOPE            NAME      CI's job name
      --region           GOCACHE_S3_REGION        REGION    AWS's settings, else the server's answer
      --s3-endpoint-url  GOCACHE_S3_ENDPOINT_URL  URL       AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS
      --s3-path-style    GOCACHE_S3_PATH_STYLE    boolean   true (false for AWS)
      --sign-key         GOCACHE_SIGN_KEY         FILE      none (sign nothing)
      --trust-key        GOCACHE_TRUST_KEYS       KEYS      none (trust every record)
      --read-only        GOCACHE_READ_ONLY        boolean   false
      --test-results     GOCACHE_TEST_RESULTS     WHERE     share
      --remote-timeout   GOCACHE_REMOTE_TIMEOUT   DURATION  5s
      --drain-timeout    GOCACHE_DRAIN_TIMEOUT    DURATION  60s
      --plugin           GOCACHE_PLUGIN           ADDR      none
      --http             GOCACHE_HTTP             ADDR      none
      --modproxy         GOCACHE_MODPROXY         boolean   false
      --sumdb            GOCACHE_SUMDB            NAMES     sum.golang.org,sum.golang.google.cn
      --upstream         GOCACHE_UPSTREAM         URLS      go's GOPROXY
      --revproxy         GOCACHE_REVPROXY         HOSTS     none
      --forward-connect  GOCACHE_FORWARD_CONNECT  boolean   false
      --metrics          GOCACHE_METRICS          boolean   false
      -v                 GOCACHE_VERBOSE          boolean   false
      --sign-for         GOCACHE_SIGN_FOR         DURATION  14d
      --trust-split      GOCACHE_TRUST_SPLIT      boolean   false
      --min-upload-size  GOCACHE_MIN_SIZE         SIZE      0
      -c                 GOCACHE_CONCURRENCY      N         64
      -u                 GOCACHE_S3_CONCURRENCY   N         16
      --drain            GOCACHE_DRAIN            WHEN      wait
      --log-format       GOCACHE_LOG_FORMAT       FORMAT    text
      --debug            GOCACHE_DEBUG            MASK      0

    GOCACHE is go's own variable: the directory of the user's build cache. With -v the program names
    every other GOCACHE_... variable that it does not know, to reveal misspelt ones.

    See also: help configure.
    "
  `);
});
