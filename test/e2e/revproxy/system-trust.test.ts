/**
 * The certificate in Debian's list of authorities, by Debian's tool. The test runs in a mount namespace with copies of
 * the changed directories, so this machine's list stays unchanged.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { binaryPath } from "../../support/binary.ts";
import { plainEnv, run } from "../../support/process.ts";
import { startProxyMachine } from "../../support/proxy-machine.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { startTlsOrigin } from "../../support/tls-origin.ts";

// Only a guard against hanging: Debian's tool takes its time.
setDefaultTimeout(300_000);

const LOCAL_DIR = "/usr/local/share/ca-certificates";
const LIST = "/etc/ssl/certs/ca-certificates.crt";

const SCRIPT = `
for dir in ${LOCAL_DIR} /etc/ssl/certs; do
  mkdir -p "$WORK$dir" && cp -a "$dir/." "$WORK$dir" && mount --bind "$WORK$dir" "$dir" || exit
done
get() { curl -sS "$URL" 2> /dev/null; echo " curl: $?"; }
get
"$PROGRAM" ca install
get
"$PROGRAM" ca uninstall
get
`;

test("after ca install curl trusts the proxy by the system's list only, after ca uninstall it does not", async () => {
  await using dir = tempDir("trust");
  await using origin = await startTlsOrigin((_request, response) => response.end("here"));
  await using machine = await startProxyMachine({
    dir: dir.path,
    hosts: [origin.host],
    env: origin.trustEnv,
  });
  const before = [readFileSync(LIST, "utf8"), readdirSync(LOCAL_DIR)];
  // Other users are root in the namespace.
  const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const outcome = await run(["unshare", "--mount", ...asRoot, "sh", "-c", SCRIPT], {
    env: plainEnv({
      ...machine.clientEnv,
      CURL_CA_BUNDLE: "",
      SSL_CERT_FILE: "",
      WORK: dir.join("store"),
      URL: origin.url,
      PROGRAM: binaryPath(),
      GOCACHE_REVPROXY: origin.host,
      GOCACHE_DIR: machine.cacheDir,
    }),
  });
  expect(outcome).toMatchObject({
    stdout: ` curl: 60
installed in ${LOCAL_DIR}/go-cache-plugin-proxy.crt
here curl: 0
uninstalled from this machine's certificate authorities
 curl: 60
`,
    stderr: "",
    exitCode: 0,
  });
  expect([readFileSync(LIST, "utf8"), readdirSync(LOCAL_DIR)]).toEqual(before);
});
