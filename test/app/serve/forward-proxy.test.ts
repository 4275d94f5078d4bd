/** A day and more of the forward proxy, on a clock that a test moves. */

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import {
  type AddressInfo,
  createServer as createNetServer,
  connect as netConnect,
  type Socket,
} from "node:net";
import { connect as tlsConnect } from "node:tls";
import { openForwardProxy } from "../../../src/app/serve/forward-proxy.ts";
import { CompileTimesFile } from "../../../src/app/summary/compile-times-file.ts";
import { Counters } from "../../../src/lib/counters.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { run } from "../../support/process.ts";
import { silentLog } from "../../support/silent-log.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { startTlsOrigin } from "../../support/tls-origin.ts";
import { proxyConfig } from "./proxy-config.ts";

const HOUR_MS = 3_600_000;

/** Short enough that both are replaced within the test's day. */
const LIFETIMES = { authorityMs: 24 * HOUR_MS, leafMs: 8 * HOUR_MS };

test("26 hours: certificates are replaced, and every request of a client with an hours old one is answered", async () => {
  await using dir = tempDir("day");
  await using origin = await startTlsOrigin((_request, response) => {
    response.setHeader("Cache-Control", "max-age=60");
    response.end("here");
  });
  const clock = new ManualClock();
  const counters = new Counters();
  const proxy = await openForwardProxy(
    {
      config: proxyConfig([origin.host]),
      env: { ...origin.trustEnv },
      root: dir.join("cache"),
      shownRoot: dir.join("cache"),
      log: silentLog,
      counters,
      compileTimes: new CompileTimesFile(dir.join("cache")),
      openStore: () => undefined,
    },
    { clock, lifetimes: LIFETIMES },
  );
  const http = createServer((request, response) => void proxy.handle(request, response));
  http.on("connect", (request, socket, head) => proxy.connect(request, socket as Socket, head));
  const server = createNetServer((socket) => http.emit("connection", socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const authorities: string[] = [];
  const leaves = new Set<string>();
  const failed: unknown[] = [];
  for (let hour = 0; hour <= 26; hour++) {
    authorities.push(proxy.caPem() ?? "");
    // What a client was given seven hours ago.
    writeFileSync(dir.join("trusted.pem"), authorities[Math.max(0, hour - 7)] ?? "");
    const { leaf, isAnswered, trouble } = await request(port, origin.host, dir, clock.nowMs());
    leaves.add(leaf);
    if (!isAnswered || trouble !== undefined) failed.push({ hour, isAnswered, trouble });
    clock.advance(HOUR_MS);
  }
  server.close();
  http.closeAllConnections();
  await proxy.close();
  expect(failed).toEqual([]);
  expect(new Set(authorities).size).toBe(2);
  expect(leaves.size).toBeGreaterThanOrEqual(4);
});

/** What a client gets, and what `openssl verify` says at `nowMs` of the certificate that it was shown. */
async function request(port: number, host: string, dir: TempDir, nowMs: number) {
  const socket = netConnect(port, "127.0.0.1");
  socket.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  // The machine's clock is not the test's, so the check is made apart.
  const secure = tlsConnect({ socket, servername: "localhost", rejectUnauthorized: false });
  await new Promise((resolve) => secure.once("secureConnect", resolve));
  const leaf = secure.getPeerX509Certificate()?.toString() ?? "";
  writeFileSync(dir.join("leaf.pem"), leaf);
  let answer = "";
  secure.on("data", (chunk: Buffer) => {
    answer += chunk.toString();
  });
  secure.write(`GET /a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => secure.once("close", resolve));
  const checks = ["-purpose", "sslserver", "-verify_hostname", "localhost"];
  const at = ["-attime", String(Math.floor(nowMs / 1000)), "-CAfile", dir.join("trusted.pem")];
  const { exitCode, stderr } = await run(["openssl", "verify", ...checks, ...at, dir.join("leaf.pem")]);
  return { leaf, isAnswered: answer.endsWith("here"), trouble: exitCode === 0 ? undefined : stderr };
}
