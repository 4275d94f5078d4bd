/** The texts of `go-cache-plugin help TOPIC`. */
import { renderVariables } from "../options/option-docs.ts";

/** A text and its line in the overview. */
export interface HelpTopic {
  summary: string;
  text: string;
}

/** The topics by name, in the order of the overview. */
export const HELP_TOPICS: ReadonlyMap<string, HelpTopic> = new Map([
  [
    "configure",
    {
      summary: "how to set up the program",
      text: `Install the program and set GOCACHEPROG to the command line that starts it: its path, or its name if
it is in $PATH, and its flags. Every flag has an environment variable; flags override variables,
variables override defaults. Other commands read the flags in GOCACHEPROG as well; their own
flags override those.

  export GOCACHEPROG="go-cache-plugin --cache-dir=/tmp/gocache --bucket=my-bucket"
  go build ./...

go splits that line at spaces and understands quotes. No shell reads it: "~" and $HOME work only if
the shell that sets the variable expands them.

The program finds S3 credentials as the AWS tools do: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
AWS_PROFILE with the files in ~/.aws, single sign-on, web identity, the role of the container or the
machine. It looks for them at the first request to the bucket, and never prints them. Do not write
them into flags or URLs.

For another S3 server than AWS:

  export GOCACHE_S3_ENDPOINT_URL=http://localhost:9000

Requests then name the bucket in the path; a server that expects it in the host name needs
--s3-path-style=false.

For a directory that several machines share, without a server:

  export GOCACHEPROG="go-cache-plugin --bucket=file:///mnt/shared/gocache"

If the bucket is unavailable, builds continue without it; -v prints the reason.

The whole setup of a CI, a shell or an image, with your values filled in:

  go-cache-plugin init github --bucket=my-bucket --region=eu-central-1

See also: help init, help env, help environment, help direct-mode, help native-mode.`,
    },
  ],
  [
    "environment",
    {
      summary: "the environment variables",
      text: `Every flag has a variable with the same syntax. An empty variable counts as not set.

${renderVariables()}

GOCACHE is go's own variable: the directory of the user's build cache. With -v the program names
every other GOCACHE_... variable that it does not know, to reveal misspelt ones.

See also: help configure.`,
    },
  ],
  [
    "trust",
    {
      summary: "which uploads a build trusts",
      text: `Hashes protect contents, but anyone who can write to the bucket decides which content belongs to
which action. Give pull requests a prefix of their own, and credentials that can't write below the
trusted prefix:

  trusted job:    --prefix=main/
  pull requests:  --prefix=pr/ --read-prefix=main/

Or sign the uploads of the trusted job; machines with the public key use nothing else:

  go-cache-plugin keygen ci.key      writes the secret key, prints the public key
  trusted job:    GOCACHE_SIGN_KEY, the secret key or a file that contains it
  all others:     GOCACHE_TRUST_KEYS, the public key

A machine with keys to trust but no key to sign uploads nothing. Each set of keys has its own local
cache. The split layout has no signatures, so it is not read then. Every program that a signing job
runs, tests included, can read its key.`,
    },
  ],
  [
    "direct-mode",
    {
      summary: "how the go command runs the program",
      text: `Started without a command, the program serves the go command that started it, on standard input and
output, and exits with it.

  export GOCACHEPROG="go-cache-plugin --cache-dir=/tmp/gocache --bucket=my-bucket"
  go build ./...

or

  export GOCACHE_DIR=/tmp/gocache
  export GOCACHE_S3_BUCKET=my-bucket
  export GOCACHEPROG=go-cache-plugin
  go build ./...

Lookups go to the local cache, then to the bucket. Outputs of go are stored in the local cache at
once and uploaded in the background; at the end go waits for the remaining uploads, at most for
--drain-timeout, or not at all with --drain=background. Without --bucket there is only the local
cache.

Started by hand on a terminal, the program prints how to use it and exits with code 2.

See also: help configure.`,
    },
  ],
  [
    "native-mode",
    {
      summary: "how a CI job shares go's own cache",
      text: `Without GOCACHEPROG, go uses its own cache directory, $GOCACHE. A job can fill it before its first
go command, and store what is new at its end, also when it has failed:

  go-cache-plugin restore --bucket=my-bucket
  go test ./...
  go-cache-plugin save --bucket=my-bucket

or, with the exit code of the command,

  go-cache-plugin exec --bucket=my-bucket -- make test

"restore" fetches what the last run of this job used; with --wait=false it returns at once, and go
builds what is not there yet. "save" uploads what the bucket lacks, and records what go has used.
The entries are those of the other modes, in the packed layout. Go runs at its own speed, and what
"go run" links is cached. A bucket that fails is one line, and no error. The modules that go.sum
names, and the caches of golangci-lint and staticcheck, come and go with it; --only=build leaves
them alone. Zips of modules come with them if the job has fetched them; --modules=both: always.

GOCACHEPROG must not be set: go would not look into $GOCACHE. In a known CI, "restore" also sets
file times as "mtimes" does, so that test results hit. "stats" shows what was restored, used and
saved.

See also: help init, help restore, help direct-mode.`,
    },
  ],
  [
    "serve-mode",
    {
      summary: "one server for many go commands",
      text: `One server for all go commands of a machine: it fetches each entry from the bucket once, and go
never waits for uploads.

  go-cache-plugin serve --detach --plugin=5930 --bucket=my-bucket
  export GOCACHEPROG="go-cache-plugin connect 5930 --fallback"
  go build ./...
  go-cache-plugin serve --stop

"connect" serves go from the cache directory, and requests missing entries from the server. The
server decides the cache directory and the bucket. If the server dies, builds continue without it.
If no server listens at the start, go fails; use --wait=10s or --fallback to avoid that.

ADDR is a port (of this machine only), host:port, or the path of a Unix socket. Only the same user
can use the socket, so prefer it on a machine that several people share.

--http=5970 adds a status page at /, and /healthz, /readyz, /version, /metrics and /debug/.

See also: help direct-mode, help module-proxy, help reverse-proxy.`,
    },
  ],
  [
    "module-proxy",
    {
      summary: "caching modules and checksums",
      text: `"serve --modproxy --http=ADDR" serves modules and checksum databases to go:

  go-cache-plugin serve --detach --http=5970 --modproxy --bucket=my-bucket
  export GOPROXY="http://127.0.0.1:5970/mod|$(go env GOPROXY)"

Files are stored in the cache directory and in the bucket, under the keys of
tailscale/go-cache-plugin. Missing files come from --upstream, else from GOPROXY, else from go's
default proxy. GOPRIVATE, GONOPROXY, GONOSUMDB and netrc apply as well. Requests below
/mod/cached-only/ never reach the upstream.

  go-cache-plugin mod prefetch [GO.SUM...]   fetch the modules in these files, by default ./go.sum
  go-cache-plugin mod verify                 check every file against the checksum database
  go-cache-plugin mod import DIR             import a $GOMODCACHE/cache/download
  go-cache-plugin mod export DIR             export such a tree, for GOPROXY=file://DIR`,
    },
  ],
  [
    "reverse-proxy",
    {
      summary: "caching other downloads",
      text: `"serve --http=5970 --revproxy=HOSTS" is a forward proxy that caches the responses of these hosts.

  go-cache-plugin serve --http=5970 --revproxy=files.example.com,*.example.org &
  export HTTPS_PROXY=http://localhost:5970 HTTP_PROXY=http://localhost:5970

A host may have a port (example.com:8443); "*." at the start matches every subdomain. Responses are
cached by HTTP's rules (RFC 9111): long-lived ones on disk and in the bucket, for all machines;
short-lived ones in memory. The X-Cache header of a response names its source.

The proxy terminates TLS to these hosts, so clients have to trust its certificate. It is valid for
these hosts only. "go-cache-plugin ca print" and http://localhost:5970/ca.pem return it:

  go-cache-plugin ca print > ca.pem      (with the same --revproxy and --cache-dir, or variables)
  export CURL_CA_BUNDLE=$PWD/ca.pem GIT_SSL_CAINFO=$PWD/ca.pem NODE_EXTRA_CA_CERTS=$PWD/ca.pem
  export PIP_CERT=$PWD/ca.pem REQUESTS_CA_BUNDLE=$PWD/ca.pem

go and OpenSSL read SSL_CERT_FILE; it replaces the system's list, so that file must contain both.
"ca install" adds the certificate to the system's list instead, as an administrator.

The proxy rejects other hosts. With --forward-connect it forwards them uncached, to ports 443
(CONNECT) and 80 (plain HTTP) of public addresses.

See also: help debug.`,
    },
  ],
  [
    "debug",
    {
      summary: "logging individual requests",
      text: `--debug logs individual requests to stderr, which is a lot. Its value is the sum of

  1  go's build cache
  2  module proxy and checksums
  4  forward proxy

The default is 0. With any other value, unexpected errors include their stack trace.
-v logs much less: unknown variables, failures, and the summary of --metrics.`,
    },
  ],
]);
