import { afterEach, beforeEach, expect, test } from "bun:test";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { createSecureContext } from "node:tls";
import { systemClock } from "../../../src/lib/async/clock.ts";
import { PlainForwarder } from "../../../src/revproxy/exchange/plain-forwarder.ts";
import { OriginClient } from "../../../src/revproxy/origin/origin-client.ts";
import { ProxyLog } from "../../../src/revproxy/proxy-log.ts";
import { Tunnels } from "../../../src/revproxy/tunnel/tunnels.ts";
import { silentLog } from "../../support/silent-log.ts";

let stack: AsyncDisposableStack;
let counted: string[];

beforeEach(() => {
  stack = new AsyncDisposableStack();
  counted = [];
});
afterEach(() => stack.disposeAsync());

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A proxy that takes every name for this machine, and `originPort` for the web's. */
async function startForwarder(originPort: number): Promise<{ port: number; forwarded: Promise<void> }> {
  const log = new ProxyLog({ log: silentLog, count: (name) => counted.push(name) });
  const tunnels = new Tunnels({
    isAllowed: true,
    env: {},
    via: "1.1 test",
    log,
    addressesOf: async () => [{ address: "127.0.0.1", family: 4 }],
    ports: { https: [], http: [originPort] },
  });
  const origin = new OriginClient({
    env: {},
    trust: createSecureContext(),
    clock: systemClock,
    via: "1.1 test",
  });
  stack.defer(() => origin.close());
  const forwarder = new PlainForwarder({ tunnels, origin, log });
  const authority = { host: "files.example", port: originPort };
  const forwarded = Promise.withResolvers<void>();
  const server = createHttpServer(async (request, response) => {
    await forwarder.forward({ scheme: "http", authority, path: "/a" }, request, response);
    forwarded.resolve();
  });
  stack.defer(() => server.closeAllConnections());
  return { port: await listen(server), forwarded: forwarded.promise };
}

test.each([
  ["before its answer begins", "GET /a HTTP/1.1\r\nHost: files.example\r\n\r\n"],
  ["within its upload", "POST /a HTTP/1.1\r\nHost: files.example\r\nContent-Length: 9\r\n\r\npart"],
])("a client that disconnects %s ends the origin's connection", async (_, sent) => {
  const requested = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const origin = createServer((socket) => {
    socket.once("data", () => requested.resolve());
    socket.once("close", () => closed.resolve());
    socket.on("error", () => undefined);
  });
  const { port, forwarded } = await startForwarder(await listen(origin));
  const client = connect(port, "127.0.0.1");
  client.write(sent);
  await requested.promise;
  client.destroy();
  await closed.promise;
  await forwarded;
  // That is no failure.
  expect(counted).toEqual([]);
});
