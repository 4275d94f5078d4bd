/** The proxy's certificate, and the certificates that the proxy itself trusts. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { plainEnv, run } from "../../support/process.ts";
import { startProxyMachine } from "../../support/proxy-machine.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { startTlsOrigin } from "../../support/tls-origin.ts";
import { get } from "../../support/via-proxy.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
beforeEach(() => {
  dir = tempDir("ca");
});
afterEach(() => dir[Symbol.dispose]());

const ca = (...args: string[]) => run([binaryPath(), "ca", ...args], { env: plainEnv({ HOME: dir.path }) });

test("ca says what is missing, with exit code 2", async () => {
  const outcomes = await Promise.all([ca(), ca("show", "--revproxy=a.example"), ca("print")]);
  expect(outcomes.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(Array(3).fill([2, ""]));
  expect(outcomes[0]?.stderr).toContain("one of print, install, uninstall");
  expect(outcomes[2]?.stderr).toContain("--revproxy");
});

test("ca and serve name an invalid host", async () => {
  const printed = await ca("print", "--revproxy=https://a.example");
  expect([printed.exitCode, printed.stdout]).toEqual([1, ""]);
  expect(printed.stderr).toContain('"https://a.example" is not a host');
  const argv = [binaryPath(), "serve", "--http=127.0.0.1:0", "--revproxy=a b"];
  const served = await run(argv, { env: plainEnv({ HOME: dir.path }) });
  expect(served.exitCode).not.toBe(0);
  expect(served.stderr).toContain('"a b" is not a host');
});

test("ca print and /ca.pem return the same certificate, and only the owner can read its key", async () => {
  await using machine = await startProxyMachine({ dir: dir.path, hosts: ["a.example"] });
  const response = await fetch(`${machine.address}/ca.pem`, { proxy: false as never });
  const served = await response.text();
  expect(served).toBe(readFileSync(machine.caPath, "utf8"));
  expect(served).not.toContain("PRIVATE KEY");
  expect(statSync(join(machine.cacheDir, "state/revproxy-ca.pem")).mode & 0o777).toBe(0o600);
});

test("no request goes to an origin that the proxy does not trust", async () => {
  await using origin = await startTlsOrigin((_request, response) => response.end("here"));
  await using machine = await startProxyMachine({ dir: dir.path, hosts: [origin.host] });
  const { status, body } = await get(machine, origin.url);
  expect([status, origin.seen]).toEqual([502, []]);
  expect(body).toContain("self signed certificate");
});
