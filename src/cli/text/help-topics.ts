/** The texts of `go-cache-plugin help TOPIC`. Loaded only for the help. */
import { renderVariables } from "../options/option-docs.ts";

/** A text and the line that announces it. */
export interface HelpTopic {
  summary: string;
  text: string;
}

/** The topics by name, in the order of the overview. */
export const HELP_TOPICS: ReadonlyMap<string, HelpTopic> = new Map([
  [
    "configure",
    {
      summary: "how to set the program up",
      text: `Put the program somewhere on the machine and set GOCACHEPROG to the command line that starts it: its
path, or its name if it is in $PATH, and its flags. Every flag can be an environment variable
instead; a flag beats the environment, the environment beats the default. Other commands read the
flags in GOCACHEPROG as well; their own flags beat them.

  export GOCACHEPROG="go-cache-plugin --cache-dir=/tmp/gocache --bucket=my-bucket"
  go build ./...

go splits that line at blanks and understands quotes. No shell reads it: "~" and $HOME work only
where the shell that sets the variable replaces them.

S3 credentials are found as the AWS tools find them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
AWS_PROFILE with the files in ~/.aws, single sign-on, web identity, the container's or the
machine's role. They are looked for when the bucket is first asked, and never printed. Do not write
them into flags or URLs.

Another S3 server than AWS's:

  export GOCACHE_S3_ENDPOINT_URL=http://localhost:9000

Requests name the bucket in the path there; a server that wants it in the host's name needs
--s3-path-style=false.

No server at all, only a directory that several machines see:

  export GOCACHEPROG="go-cache-plugin --bucket=file:///mnt/shared/gocache"

When the bucket cannot be used, builds go on without it; -v says why.

The whole set-up of a CI, of a shell or of an image, with your values in it:

  go-cache-plugin init github --bucket=my-bucket --region=eu-central-1

See also: help init, help env, help environment, help direct-mode.`,
    },
  ],
  [
    "environment",
    {
      summary: "the environment variables",
      text: `Every flag has a variable, read the same way. An empty variable counts as not set.

${renderVariables()}

GOCACHE is go's own: it tells the program where the user's build cache is. With -v every other
GOCACHE_... variable that nothing reads is named, so that a misspelt one is found.

See also: help configure.`,
    },
  ],
  [
    "trust",
    {
      summary: "who decides what is linked",
      text: `Contents are hashed, but who can write to the bucket can say which action made them. Give pull
requests a prefix of their own, and credentials that can't write below the trusted one:

  trusted job:    --prefix=main/
  pull requests:  --prefix=pr/ --read-prefix=main/

Or sign what the trusted job writes; whoever has the public key uses nothing else:

  go-cache-plugin keygen ci.key      writes the secret key, prints the public one
  trusted job:    GOCACHE_SIGN_KEY, the secret key or a file that holds it
  everybody else: GOCACHE_TRUST_KEYS, the public key

Who has keys to trust and none to sign with uploads nothing. Each set of keys has a local cache of
its own. The split layout can't be signed, and is not read then. Everything that a signing job runs,
tests too, can read its key.`,
    },
  ],
  [
    "direct-mode",
    {
      summary: "how the go command runs the program",
      text: `Started without a command, the program serves the go command that started it, on its standard
input and output, and ends with it.

  export GOCACHEPROG="go-cache-plugin --cache-dir=/tmp/gocache --bucket=my-bucket"
  go build ./...

or

  export GOCACHE_DIR=/tmp/gocache
  export GOCACHE_S3_BUCKET=my-bucket
  export GOCACHEPROG=go-cache-plugin
  go build ./...

Lookups are answered from the local cache, then from the bucket. What go builds is stored in the
local cache at once and uploaded meanwhile; when go is done, it waits for the rest of the uploads,
at most as long as --drain-timeout says, or not at all with --drain=background.
Without --bucket the program is a local cache.

Started by hand on a terminal the program explains itself and ends with exit code 2.

See also: help configure.`,
    },
  ],
  [
    "serve-mode",
    {
      summary: "one server for many go commands",
      text: `One server for all go commands of a machine: what they need of the bucket is looked up and fetched
once, and go never waits for uploads.

  go-cache-plugin serve --detach --plugin=5930 --bucket=my-bucket
  export GOCACHEPROG="go-cache-plugin connect 5930 --fallback"
  go build ./...
  go-cache-plugin serve --stop

"connect" serves go from the cache directory itself, and asks the server for what is not there. The
cache directory and the bucket are the server's. When it dies, builds go on without it. When nobody
listens at the start, go fails, unless --wait=10s or --fallback says otherwise.

ADDR is a port (of this machine only), host:port, or the path of a Unix socket, which only the same
user can use: the right thing on a machine that several people share.

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

Files lie in the cache directory and, if there is a bucket, in it, where tailscale/go-cache-plugin
has them, too. What is missing comes from --upstream; without it from where GOPROXY points, or from
where it points when nobody has set it. GOPRIVATE, GONOPROXY, GONOSUMDB and netrc count, too.
Below /mod/cached-only/ the upstream is never asked.

  go-cache-plugin mod prefetch [GO.SUM...]   bring what these files name, ./go.sum if none is given
  go-cache-plugin mod verify                 hash everything, and ask the checksum database
  go-cache-plugin mod import DIR             take in a $GOMODCACHE/cache/download
  go-cache-plugin mod export DIR             write such a tree, for GOPROXY=file://DIR`,
    },
  ],
  [
    "reverse-proxy",
    {
      summary: "caching other downloads",
      text: `"serve --http=5970 --revproxy=HOSTS" is a forward proxy that caches what comes from these hosts.

  go-cache-plugin serve --http=5970 --revproxy=files.example.com,*.example.org &
  export HTTPS_PROXY=http://localhost:5970 HTTP_PROXY=http://localhost:5970

A host may have a port (example.com:8443), and "*." in front for every name below it. Responses are
kept as HTTP says (RFC 9111): long-lived ones on the disk and in the bucket, for all machines;
short-lived ones in memory. X-Cache in a response says where it comes from.

TLS to these hosts ends in the proxy, so clients have to trust its certificate, which is good for
these hosts only. "go-cache-plugin ca print" prints it, and http://localhost:5970/ca.pem has it:

  go-cache-plugin ca print > ca.pem      (with the same --revproxy and --cache-dir, or variables)
  export CURL_CA_BUNDLE=$PWD/ca.pem GIT_SSL_CAINFO=$PWD/ca.pem NODE_EXTRA_CA_CERTS=$PWD/ca.pem
  export PIP_CERT=$PWD/ca.pem REQUESTS_CA_BUNDLE=$PWD/ca.pem

SSL_CERT_FILE is go's and OpenSSL's; it takes the place of the system's list, so give it both.
"ca install" adds the certificate to that list instead, which takes an administrator.

Other hosts are refused, unless --forward-connect is given: then they are passed on uncached, to
ports 443 (CONNECT) and 80 (plain HTTP) of addresses in the public network.

See also: help debug.`,
    },
  ],
  [
    "debug",
    {
      summary: "logging single requests",
      text: `--debug logs single requests to stderr, which is a lot. Its value is the sum of

  1  go's build cache
  2  module proxy and checksums
  4  forward proxy

The default is 0. With any other value an unexpected error is followed by its stack.
-v says much less: variables that nothing reads, what failed, and what --metrics says.`,
    },
  ],
]);
