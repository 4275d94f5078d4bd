import { describe, expect, test } from "bun:test";
import { parseAuthority } from "../../src/revproxy/authority.ts";
import { formatResource, parseAbsoluteForm } from "../../src/revproxy/resource.ts";
import { Targets } from "../../src/revproxy/targets.ts";

describe("an authority", () => {
  test("that is malformed is refused", () => {
    const bad = [
      "",
      ":80",
      "a b",
      "user@host",
      "host:0",
      "host:65536",
      "host:",
      "host:1:2",
      "h/x",
      "a..b",
      "é",
      "[::1",
      "::1",
      "[x]",
      "-a",
      "a_.-",
    ];
    expect(bad.filter((text) => parseAuthority(text, 443) !== undefined)).toEqual([]);
    expect(parseAuthority("host")).toBeUndefined();
  });

  test("is parsed the same in every spelling", () => {
    expect(parseAuthority("EXAMPLE.com.:8443")).toEqual({ host: "example.com", port: 8443 });
    expect(parseAuthority("[::1]:443")).toEqual({ host: "::1", port: 443 });
    expect(parseAuthority("example.com", 80)).toEqual({ host: "example.com", port: 80 });
  });
});

describe("the absolute form", () => {
  test("is refused with a user name, another scheme, a fragment or bytes that a URL can't have", () => {
    const bad = [
      "http://u:p@h/",
      "ftp://h/",
      "/path",
      "http://h/#x",
      "http:///x",
      "http://h/a b",
      "http://h/\u00e9",
      "h:443",
    ];
    expect(bad.filter((text) => parseAbsoluteForm(text) !== undefined)).toEqual([]);
  });

  test("keeps the path unchanged", () => {
    const read = (text: string) => {
      const resource = parseAbsoluteForm(text);
      return resource === undefined ? undefined : formatResource(resource);
    };
    expect(read("HTTP://Example.COM:80/a/../%2e//b?c=%41")).toBe("http://example.com/a/../%2e//b?c=%41");
    expect(read("http://example.com:8080?q")).toBe("http://example.com:8080/?q");
  });
});

describe("targets", () => {
  test("that are invalid are named in the error", () => {
    expect(() => new Targets(["ok.example", "http://bad"])).toThrow('--revproxy: "http://bad" is not a host');
    expect(() => new Targets(["*"])).toThrow("is not a host");
  });

  test("without a port match the scheme's default", () => {
    const targets = new Targets(["Example.com", "other.example:8443"]);
    const has = (scheme: "http" | "https", host: string, port: number) => targets.has(scheme, { host, port });
    expect([has("https", "example.com", 443), has("http", "example.com", 80)]).toEqual([true, true]);
    expect([has("https", "example.com", 80), has("https", "example.com", 8443)]).toEqual([false, false]);
    expect([has("https", "other.example", 8443), has("https", "other.example", 443)]).toEqual([true, false]);
    expect(has("https", "www.example.com", 443)).toBe(false);
  });

  test("with a star match all subdomains", () => {
    const targets = new Targets(["*.example.com:444"]);
    const has = (host: string) => targets.has("https", { host, port: 444 });
    expect([has("a.example.com"), has("a.b.example.com")]).toEqual([true, true]);
    expect([has("example.com"), has("aexample.com")]).toEqual([false, false]);
    expect(targets.hosts).toEqual(["example.com"]);
  });
});
