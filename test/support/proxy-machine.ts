/** A machine that runs `serve` with the forward proxy, and clients that use the proxy. */

import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { binaryPath } from "./binary.ts";
import { freePort } from "./free-port.ts";
import { type Outcome, plainEnv, type Running, run, start } from "./process.ts";

export interface ProxyMachine extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  readonly cacheDir: string;
  /** The file with the certificate that clients must trust. */
  readonly caPath: string;
  /** Variables that make every common client use and trust the proxy. */
  readonly clientEnv: Record<string, string>;
  /** The server's counters. */
  counters(): Promise<Record<string, number>>;
  /** Ends it as a service manager would, and returns its output. */
  stop(): Promise<Outcome>;
}

export interface ProxyMachineOptions {
  /** Below it lie the cache directory and the certificate. */
  dir: string;
  /** The value of `--revproxy`. */
  hosts: readonly string[];
  flags?: readonly string[];
  env?: Record<string, string>;
}

/** Starts the server and waits until it listens. */
export async function startProxyMachine(options: ProxyMachineOptions): Promise<ProxyMachine> {
  const { dir, hosts, flags = [], env = {} } = options;
  const port = await freePort();
  const cacheDir = join(dir, "cache");
  const address = `http://127.0.0.1:${port}`;
  const own = [`--cache-dir=${cacheDir}`, `--revproxy=${hosts.join(",")}`];
  const argv = [binaryPath(), "serve", `--http=127.0.0.1:${port}`, ...own, "--metrics=json", ...flags];
  const running = start(argv, { env: plainEnv({ ...withoutProxies(), ...env }) });
  await listening(port, running);
  const caPath = join(dir, "proxy-ca.pem");
  if (hosts.length > 0) {
    const printed = await run([binaryPath(), "ca", "print", ...own], { env: plainEnv() });
    if (printed.exitCode !== 0) throw new Error(printed.stderr);
    writeFileSync(caPath, printed.stdout);
  }
  return {
    address,
    port,
    pid: running.pid,
    cacheDir,
    caPath,
    clientEnv: proxyEnv(address, caPath),
    async counters() {
      const answer = await fetch(`${address}/debug/vars`);
      return ((await answer.json()) as { counters: Record<string, number> }).counters;
    },
    async stop() {
      running.signal("SIGTERM");
      return await running.outcome;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

function proxyEnv(address: string, caPath: string): Record<string, string> {
  return {
    ...withoutProxies(),
    http_proxy: address,
    HTTP_PROXY: address,
    https_proxy: address,
    HTTPS_PROXY: address,
    CURL_CA_BUNDLE: caPath,
    GIT_SSL_CAINFO: caPath,
    NODE_EXTRA_CA_CERTS: caPath,
    PIP_CERT: caPath,
    REQUESTS_CA_BUNDLE: caPath,
    SSL_CERT_FILE: caPath,
  };
}

/** This machine's own proxy settings; clients of tests only talk to this machine. */
function withoutProxies(): Record<string, string> {
  const names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];
  const all = [...names, ...names.map((name) => name.toUpperCase())];
  return Object.fromEntries(all.map((name) => [name, ""]));
}

async function listening(port: number, running: Running): Promise<void> {
  let isOver = false;
  void running.outcome.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await Bun.sleep(5);
  }
  throw new Error(`serve has ended: ${(await running.outcome).stderr}`);
}
