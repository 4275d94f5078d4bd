import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { ProxyLog } from "../../../src/revproxy/proxy-log.ts";
import { isPublicAddress } from "../../../src/revproxy/tunnel/public-address.ts";
import { Tunnels } from "../../../src/revproxy/tunnel/tunnels.ts";
import { freePort } from "../../support/free-port.ts";
import { silentLog } from "../../support/silent-log.ts";

let stack: AsyncDisposableStack;
let counted: string[];

beforeEach(() => {
  stack = new AsyncDisposableStack();
  counted = [];
});
afterEach(() => stack.disposeAsync());

/** A proxy that resolves every name to this machine, and allows one port. */
async function open(port: number): Promise<number> {
  const tunnels = new Tunnels({
    isAllowed: true,
    env: {},
    via: "1.1 test",
    log: new ProxyLog({ log: silentLog, count: (name) => counted.push(name) }),
    addressesOf: async (host) => (host === "nowhere.example" ? [] : [{ address: "127.0.0.1", family: 4 }]),
    ports: { https: [port], http: [port] },
  });
  const proxy = createHttpServer();
  proxy.on("connect", (request, socket, head) => {
    const [host = "", givenPort] = (request.url ?? "").split(":");
    void tunnels.connect({ host, port: Number(givenPort) }, socket, head);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  stack.defer(() => {
    tunnels.close();
    proxy.close();
    proxy.closeAllConnections();
  });
  return (proxy.address() as AddressInfo).port;
}

/** Echoes all bytes when the other end is done. */
async function echo(): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    const heard: Buffer[] = [];
    socket.on("data", (chunk) => heard.push(Buffer.from(chunk)));
    socket.on("end", () => socket.end(Buffer.concat(heard)));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function say(proxy: number, text: string): Promise<string> {
  const socket = connect({ port: proxy, host: "127.0.0.1", allowHalfOpen: true });
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk.toString();
  });
  const closed = new Promise((resolve) => socket.once("end", resolve));
  socket.end(text);
  await closed;
  socket.destroy();
  return heard;
}

describe("a tunnel", () => {
  test("to a host without a public address is refused", async () => {
    const port = await echo();
    const answer = await say(await open(port), `CONNECT nowhere.example:${port} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toStartWith("HTTP/1.1 403 ");
    expect(counted).toEqual(["proxy_fwd_conn_reject"]);
  });

  test("to a closed port fails", async () => {
    const port = await freePort();
    const answer = await say(await open(port), `CONNECT a.example:${port} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toStartWith("HTTP/1.1 502 ");
    expect(counted).toEqual(["proxy_fwd_conn_error"]);
  });

  test("forwards early bytes, and lets each side finish by itself", async () => {
    const port = await echo();
    const answer = await say(
      await open(port),
      `CONNECT a.example:${port} HTTP/1.1\r\nHost: x\r\n\r\nsent ahead`,
    );
    expect(answer).toBe("HTTP/1.1 200 OK\r\n\r\nsent ahead");
    expect(counted).toEqual(["proxy_fwd_conn_splice"]);
  });
});

test.each([
  "127.0.0.1",
  "0x7f000001",
  "0x7f.1",
  "2130706433",
  "0251.0376.0251.0376",
  "::ffff:7f00:1",
  "x.localhost",
])("another proxy gets no CONNECT to %s", async (host) => {
  const log = new ProxyLog({ log: silentLog, count: () => undefined });
  const env = { https_proxy: "http://proxy.example:3128" };
  const tunnels = new Tunnels({ isAllowed: true, env, via: "1.1 test", log });
  expect(await tunnels.decide("https", { host, port: 443 })).toMatchObject({ status: 403 });
  expect(await tunnels.decide("https", { host: "files.example", port: 443 })).toBe("proxy");
});

test("only addresses of the public network are public", () => {
  const inside = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "0.0.0.0",
    "::",
    "::1",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:db8::1",
    "nonsense",
  ];
  expect(inside.filter(isPublicAddress)).toEqual([]);
  expect(
    ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"].filter((address) => !isPublicAddress(address)),
  ).toEqual([]);
});
