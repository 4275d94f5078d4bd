import { describe, expect, test } from "bun:test";
import type { HeaderList } from "../../../src/revproxy/semantics/header-list.ts";
import { retentionOf } from "../../../src/revproxy/semantics/storable.ts";

const NOW_MS = Date.UTC(2026, 10, 25);

function kept(response: Record<string, string>, { request = {}, status = 200 } = {}) {
  const headers: HeaderList = Object.entries(response);
  const head = { status, headers, requestedMs: NOW_MS, receivedMs: NOW_MS };
  return retentionOf(Object.entries(request), head, NOW_MS);
}

describe("a response is not stored", () => {
  const fresh = "public, max-age=86400";
  const cases: [string, Record<string, string>, { request?: Record<string, string>; status?: number }?][] = [
    ["that is private", { "cache-control": "private, max-age=86400" }],
    ["that is private for one field", { "cache-control": 'private="x", max-age=86400' }],
    ["with no-store", { "cache-control": `${fresh}, no-store` }],
    ["to a request with no-store", { "cache-control": fresh }, { request: { "cache-control": "no-store" } }],
    ["that sets a cookie", { "cache-control": "max-age=86400, must-revalidate", "set-cookie": "a=b" }],
    ["that varies by everything", { "cache-control": fresh, vary: "accept, *" }],
    ["that is partial", { "cache-control": fresh }, { status: 206 }],
    ["that only validates", { "cache-control": fresh }, { status: 304 }],
    [
      "whose status is unknown, with must-understand",
      { "cache-control": `${fresh}, must-understand` },
      { status: 299 },
    ],
    ["to credentials", { "cache-control": "max-age=86400" }, { request: { authorization: "x" } }],
    ["to a cookie", { "cache-control": "max-age=86400" }, { request: { Cookie: "x" } }],
    ["to a token", { "cache-control": "max-age=86400" }, { request: { "Private-Token": "x" } }],
    [
      "to a request with another field that may be a token",
      { "cache-control": "max-age=86400" },
      { request: { "X-Vault-Token": "x" } },
    ],
    [
      "to a request with a token, despite must-revalidate",
      { "cache-control": "max-age=86400, must-revalidate" },
      { request: { "X-Vault-Token": "x" } },
    ],
    [
      "chosen by credentials",
      { "cache-control": "max-age=86400", vary: "Authorization" },
      { request: { authorization: "x" } },
    ],
    [
      "chosen by one unknown field of two",
      { "cache-control": "max-age=86400", vary: "X-A" },
      { request: { "X-A": "1", "X-B": "2" } },
    ],
    ["that is stale and can't be validated", { "cache-control": "max-age=0" }],
    ["that says nothing", {}],
  ];
  for (const [name, response, options] of cases) {
    test(name, () => expect(kept(response, options)).toBeUndefined());
  }
});

describe("a response is stored", () => {
  test("for long when it says so, or is immutable", () => {
    expect(kept({ "cache-control": "max-age=3600" })).toBe("long");
    expect(kept({ "cache-control": "Immutable" })).toBe("long");
    expect(kept({ "cache-control": "max-age=60, s-maxage=7200" })).toBe("long");
    expect(kept({ "cache-control": "max-age=86400, public" }, { request: { authorization: "x" } })).toBe(
      "long",
    );
    expect(kept({ "cache-control": "s-maxage=86400", "set-cookie": "a=b" })).toBe("long");
  });

  test("to a request with an unknown field, if Vary names the field, or if the response is public", () => {
    const request = { "X-Vault-Token": "x" };
    expect(kept({ "cache-control": "max-age=86400", vary: "x-vault-token" }, { request })).toBe("long");
    expect(kept({ "cache-control": "max-age=86400, public" }, { request })).toBe("long");
  });

  test("for short when it is fresh for less than an hour, must be revalidated, or is not a 200", () => {
    expect(kept({ "cache-control": "max-age=3599" })).toBe("short");
    expect(kept({ "cache-control": "max-age=60, immutable" })).toBe("short");
    expect(kept({ "cache-control": "no-cache, max-age=86400", etag: '"x"' })).toBe("short");
    expect(kept({ "cache-control": "max-age=86400" }, { status: 404 })).toBe("short");
    expect(kept({ "last-modified": new Date(NOW_MS - 1e10).toUTCString() })).toBe("short");
  });
});
