import { expect, test } from "bun:test";
import { environmentProxy, unusableProxies } from "../../../src/lib/network/env-proxy.ts";

const destination = { scheme: "http", host: "example.com", port: 80 } as const;

test.each([
  ["proxy:1", "http://proxy:1/"],
  ["user:pw@proxy:1", "http://user:pw@proxy:1/"],
  ["http://user:pw@proxy:1", "http://user:pw@proxy:1/"],
  ["[::1]:1", "http://[::1]:1/"],
  ["https://proxy", "https://proxy/"],
])("a proxy written as %s is %s", (value, url) => {
  expect(environmentProxy(destination, { http_proxy: value })?.href).toBe(url);
});

test("a variable that names no http or https proxy is reported by its name, without its value", () => {
  expect(unusableProxies({ ALL_PROXY: "socks5://user:pw@proxy:1" })).toEqual([
    "ALL_PROXY is not used: it names a socks5: proxy, and only http: and https: proxies are supported",
  ]);
  expect(unusableProxies({ http_proxy: "http://", HTTPS_PROXY: "proxy:1" })).toEqual([
    "http_proxy is not used: it names no address of a proxy, and only http: and https: proxies are supported",
  ]);
});

test("a variable that another one precedes is not reported", () => {
  const env = { http_proxy: "proxy:1", https_proxy: "proxy:1", ALL_PROXY: "socks5://proxy:1" };
  expect(unusableProxies(env)).toEqual([]);
  expect(unusableProxies({})).toEqual([]);
});
