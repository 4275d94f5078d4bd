/** A server that uses the proxy in its environment, in all forms of the variable. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { startModServer } from "../../support/modules/mod-server.ts";
import { startProxyMachine } from "../../support/proxy-machine.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const INFO = '{"Version":"v1.0.0"}';

let dir: TempDir;
let proxy: Server;
/** The requests to the next proxy, with their credentials. */
let requests: { url: string | undefined; authorization: string | undefined }[];

beforeEach(() => {
  dir = tempDir("next-proxy");
  requests = [];
  proxy = createServer(({ url, headers }, response) => {
    requests.push({ url, authorization: headers["proxy-authorization"] });
    response.end(INFO);
  });
});
afterEach(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  dir[Symbol.dispose]();
});

async function listen(host: string): Promise<number> {
  await new Promise<void>((resolve) => proxy.listen(0, host, resolve));
  return (proxy.address() as AddressInfo).port;
}

test("the forward proxy passes requests on to a proxy at an IPv6 address", async () => {
  const port = await listen("::1");
  const env = { http_proxy: `http://[::1]:${port}` };
  await using machine = await startProxyMachine({ dir: dir.path, hosts: ["files.example"], env });
  const url = "http://files.example/file";
  const answer = await fetch(url, { proxy: machine.address } as RequestInit);
  expect([answer.status, await answer.text()]).toEqual([200, INFO]);
  expect(requests.map((one) => one.url)).toEqual([url]);
});

test("the module proxy logs in to a proxy that is written without http://", async () => {
  const port = await listen("127.0.0.1");
  const upstream = "http://modules.example";
  const env = { http_proxy: `user:pw@127.0.0.1:${port}`, GOSUMDB: "off" };
  await using server = await startModServer({ dir: dir.path, upstream, env });
  const path = "example.com/a/@v/v1.0.0.info";
  expect(await server.answerTo(path)).toBe(`200 ${INFO}`);
  const authorization = `Basic ${Buffer.from("user:pw").toString("base64")}`;
  expect(requests).toEqual([{ url: `${upstream}/${path}`, authorization }]);
});

test("the server says once that a socks proxy is not used, without its password", async () => {
  await listen("127.0.0.1");
  const env = { ALL_PROXY: "socks5://user:pw@127.0.0.1:9" };
  await using machine = await startProxyMachine({ dir: dir.path, hosts: ["files.example"], env });
  const { stderr } = await machine.stop();
  expect(stderr.split("\n").filter((line) => line.includes("ALL_PROXY"))).toEqual([
    "go-cache-plugin: ALL_PROXY is not used: it names a socks5: proxy, and only http: and https: proxies are supported",
  ]);
  expect(stderr).not.toContain("user:pw");
});
