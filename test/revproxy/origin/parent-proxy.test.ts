import { expect, test } from "bun:test";
import { parentProxy } from "../../../src/revproxy/origin/parent-proxy.ts";

function proxyFor(host: string, env: Record<string, string>, scheme: "http" | "https" = "https", port = 443) {
  return parentProxy({ scheme, authority: { host, port } }, env)?.host;
}

test("without a variable, or with an invalid one, there is no proxy", () => {
  expect(proxyFor("example.com", {})).toBeUndefined();
  expect(proxyFor("example.com", { HTTPS_PROXY: "" })).toBeUndefined();
  expect(proxyFor("example.com", { HTTPS_PROXY: "socks5://proxy:1" })).toBeUndefined();
  expect(proxyFor("example.com", { HTTPS_PROXY: "http://" })).toBeUndefined();
  // A web server sets it from a header of the request.
  const cgi = { REQUEST_METHOD: "GET", HTTP_PROXY: "http://proxy:1" };
  expect(proxyFor("example.com", cgi, "http", 80)).toBeUndefined();
  expect(proxyFor("example.com", { HTTPS_PROXY: "https://proxy:1" })).toBeUndefined();
});

test("each scheme has its own variable, and lower case takes precedence", () => {
  const env = { https_proxy: "proxy:1", HTTPS_PROXY: "http://other:2", http_proxy: "http://plain:3" };
  expect(proxyFor("example.com", env)).toBe("proxy:1");
  expect(proxyFor("example.com", env, "http", 80)).toBe("plain:3");
  expect(proxyFor("example.com", { HTTP_PROXY: "http://plain:3" }, "http", 80)).toBe("plain:3");
  expect(proxyFor("example.com", { ALL_PROXY: "http://all:4" })).toBe("all:4");
});

test("hosts are exempt by name, suffix, port, address and network", () => {
  const exempt = (host: string, list: string, port = 443) =>
    proxyFor(host, { HTTPS_PROXY: "http://proxy:1", NO_PROXY: list }, "https", port) === undefined;
  expect(exempt("a.example.com", "*")).toBe(true);
  expect(exempt("a.example.com", "example.com")).toBe(true);
  expect(exempt("a.example.com", "x, .example.com")).toBe(true);
  expect(exempt("notexample.com", "example.com")).toBe(false);
  expect(exempt("example.com", "example.com:444")).toBe(false);
  expect(exempt("example.com", "example.com:443")).toBe(true);
  expect(exempt("10.1.2.3", "10.0.0.0/8")).toBe(true);
  expect(exempt("11.1.2.3", "10.0.0.0/8,nonsense/8")).toBe(false);
  expect(exempt("fd00::1", "::1,fd00::/8")).toBe(true);
  expect(exempt("::1", "::1")).toBe(true);
});
