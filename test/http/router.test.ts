import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AddressInfo, connect, type Server } from "node:net";
import { createHttpListener } from "../../src/http/listener.ts";
import type { HttpMount } from "../../src/http/mount.ts";
import { page, textPage } from "../../src/http/page.ts";
import { Router } from "../../src/http/router.ts";

const failures: unknown[] = [];

const echo: HttpMount = {
  handle: async (_request, response, target) => {
    response.end(target);
  },
};
const broken: HttpMount = { handle: () => Promise.reject(new Error("broken")) };

function routerFor(listenHost: string): Router {
  const pages = new Map([
    ["/healthz", textPage(() => "ok")],
    ["/query", page((query) => ({ type: "text/plain", body: query.get("q") ?? "" }))],
    ["/broken", broken],
  ]);
  const mounts = new Map([["/mod/", echo]]);
  return new Router({
    pages,
    mounts,
    forwardProxy: undefined,
    listenHost,
    onFailure: (_what, error) => failures.push(error),
  });
}

let servers: Record<"loopback" | "network", Server>;

async function listening(host: string): Promise<Server> {
  const { server } = createHttpListener(routerFor(host), { takesTunnels: false });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

beforeAll(async () => {
  servers = { loopback: await listening("127.0.0.1"), network: await listening("0.0.0.0") };
});
afterAll(() => {
  for (const server of Object.values(servers)) server.close();
});

/** Sends bytes, and returns all bytes of the server until it closes. */
async function raw(text: string, kind: keyof typeof servers = "loopback"): Promise<string> {
  const socket = connect((servers[kind].address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

function get(
  target: string,
  headers: string[] = [],
  kind: keyof typeof servers = "loopback",
): Promise<string> {
  const host = headers.some((line) => /^host:/i.test(line)) ? [] : ["Host: localhost"];
  const head = [`GET ${target} HTTP/1.1`, ...host, ...headers, "Connection: close"];
  return raw(`${head.join("\r\n")}\r\n\r\n`, kind);
}

describe("a request that is not meant for this server is refused:", () => {
  test.each([
    ["a name that points here", ["Host: evil.example.com"], 403],
    ["no name", ["Host:"], 400],
    ["nonsense for a name", ["Host: a b"], 400],
    ["two names", ["Host: localhost", "Host: evil.example.com"], 400],
    ["another site's page", ["Origin: https://evil.example.com"], 403],
    ["a page without a site", ["Origin: null"], 403],
    ["another site's image", ["Sec-Fetch-Site: cross-site"], 403],
  ])("%s", async (_what, headers, status) => {
    expect(await get("/healthz", headers)).toStartWith(`HTTP/1.1 ${status} `);
  });

  test("a name without a dot, unless the server listens on the network", async () => {
    expect(await get("/healthz", ["Host: cache:5970"])).toStartWith("HTTP/1.1 403 ");
    expect(await get("/healthz", ["Host: cache:5970"], "network")).toStartWith("HTTP/1.1 200 ");
    expect(await get("/healthz", ["Host: evil.example.com"], "network")).toStartWith("HTTP/1.1 403 ");
  });
});

test.each(["localhost", "localhost:5970", "127.0.0.1:5970", "[::1]:5970", "192.0.2.1"])(
  "%s is a name of this server",
  async (host) => {
    expect(await get("/healthz", [`Host: ${host}`])).toEndWith("\r\n\r\nok\n");
  },
);

test("a mount gets the rest of the target unchanged", async () => {
  expect(await get("/mod/a/../%2e%2e//!b%21?x=%20")).toEndWith("\r\n\r\na/../%2e%2e//!b%21?x=%20");
});

test("a page gets its query, and matches its exact path only", async () => {
  expect(await get("/query?q=a%20b")).toEndWith("\r\n\r\na b");
  expect(await get("/query/")).toStartWith("HTTP/1.1 404 ");
  expect(await get("/mod")).toStartWith("HTTP/1.1 404 ");
});

test("HEAD gets headers only, and other methods are refused", async () => {
  const head = await raw("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  expect(head.toLowerCase()).toContain("content-length: 3\r\n");
  expect(head).toEndWith("\r\n\r\n");
  const post = await raw(
    "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  );
  expect(post).toStartWith("HTTP/1.1 405 ");
  expect(post.toLowerCase()).toContain("allow: get, head\r\n");
});

test("without a forward proxy, requests to other servers are refused", async () => {
  expect(await get("http://example.com/x", ["Host: example.com"])).toStartWith("HTTP/1.1 502 ");
  const tunnel = await raw("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
  expect(tunnel).toStartWith("HTTP/1.1 502 ");
});

test("a failing mount is answered with an error, and reported", async () => {
  expect(await get("/broken")).toStartWith("HTTP/1.1 500 ");
  expect(failures).toEqual([new Error("broken")]);
});

test("an endless head is refused", async () => {
  const answer = await get("/healthz", [`X: ${"x".repeat(40 << 10)}`]);
  expect(answer === "" || /^HTTP\/1\.1 4\d\d /.test(answer)).toBe(true);
});

test("a server survives clients that don't speak HTTP", async () => {
  for (const text of ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", '{"ID":1}\n\n'])
    await raw(text);
  expect(await get("/healthz")).toStartWith("HTTP/1.1 200 ");
});
