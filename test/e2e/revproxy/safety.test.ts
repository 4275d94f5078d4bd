/** No client gets an answer that is meant for another one. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { curl } from "../../support/curl.ts";
import { type ProxyMachine, startProxyMachine } from "../../support/proxy-machine.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { startTlsOrigin, type TlsOrigin } from "../../support/tls-origin.ts";
import { get, getPlainly } from "../../support/via-proxy.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const LONG = "public, max-age=86400, immutable";

/** Fields that identify clients, or that hosts select answers by without naming them in Vary. */
const UNLISTED = [
  "x-goog-api-key",
  "x-vault-token",
  "private-token",
  "npm-otp",
  "x-forwarded-host",
  "x-original-url",
  "x-http-method-override",
];

let dir: TempDir;
let origin: TlsOrigin;
let machine: ProxyMachine;

beforeAll(async () => {
  dir = tempDir("safety");
  origin = await startTlsOrigin((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "https://origin");
    const { host, authorization, cookie } = request.headers;
    response.setHeader("Cache-Control", searchParams.get("cc") ?? LONG);
    const vary = searchParams.get("vary");
    if (vary !== null) response.setHeader("Vary", vary);
    if (pathname === "/cookie") response.setHeader("Set-Cookie", `session=${origin.seen.length}`);
    const named = UNLISTED.map((name) => request.headers[name]).find((value) => value !== undefined);
    const who = authorization ?? cookie ?? request.headers["x-who"] ?? named ?? "anonymous";
    if (pathname === "/encoded" && /gzip/.test(request.headers["accept-encoding"] ?? "")) {
      response.setHeader("Content-Encoding", "gzip");
      response.end(gzipSync("packed"));
    } else response.end(`for ${who} at ${host}`);
  });
  const hosts = [origin.host, `127.0.0.1:${origin.port}`];
  machine = await startProxyMachine({ dir: dir.path, hosts, env: origin.trustEnv });
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  await origin[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** The answer to the second of two clients. */
async function second(path: string, one: Record<string, string>, two: Record<string, string>) {
  await get(machine, origin.url + path, { headers: one });
  return await getPlainly(machine, origin.url + path, { headers: two });
}

test("the same path on two hosts is two resources", async () => {
  // Not by fetch: Bun's TLS can't check certificates of authorities that are bound to addresses.
  const other = `https://127.0.0.1:${origin.port}`;
  await curl(machine, `${origin.url}/same`);
  expect(await curl(machine, `${other}/same`)).toEqual({
    status: 200,
    cache: "fetch, cached",
    body: `for anonymous at 127.0.0.1:${origin.port}`,
  });
  expect(await curl(machine, `${origin.url}/same`)).toEqual({
    status: 200,
    cache: "hit, local",
    body: `for anonymous at ${origin.host}`,
  });
});

test("a client that does not accept gzip gets none, with and without Vary", async () => {
  const plain = { "accept-encoding": "identity" };
  const packed = { "accept-encoding": "gzip" };
  for (const path of ["/encoded", "/encoded?vary=Accept-Encoding"]) {
    const found = await second(path, packed, plain);
    expect(found).toEqual({ status: 200, cache: "fetch, cached", body: `for anonymous at ${origin.host}` });
  }
  const again = await get(machine, `${origin.url}/encoded?vary=Accept-Encoding`, { headers: packed });
  expect([again.cache, again.headers.get("content-encoding")]).toEqual(["hit, local", "gzip"]);
});

test("an answer to credentials is stored only if the origin says that it is public", async () => {
  const mine = { authorization: "Bearer mine" };
  expect(await second("/auth?cc=max-age=86400", mine, {})).toMatchObject({
    body: `for anonymous at ${origin.host}`,
  });
  expect(await second("/auth?n=2&cc=max-age=86400", mine, { authorization: "Bearer yours" })).toEqual({
    status: 200,
    cache: "fetch, uncached",
    body: `for Bearer yours at ${origin.host}`,
  });
  expect(await second("/auth?n=3&cc=public,max-age=86400", mine, {})).toMatchObject({ cache: "hit, local" });
});

test("an answer to a cookie is stored only if the origin says that it is public", async () => {
  const found = await second("/page?cc=max-age=86400", { cookie: "a=1" }, {});
  expect(found).toEqual({ status: 200, cache: "fetch, cached", body: `for anonymous at ${origin.host}` });
});

describe.each(UNLISTED)("%s in a request, which the proxy does not know to be harmless,", (name) => {
  const path = `/${name}?cc=max-age=86400`;
  const fresh = { status: 200, cache: "fetch, uncached", body: "" };

  test("keeps its answer from other clients", async () => {
    const own = await get(machine, `${origin.url}${path}&a`, { headers: { [name]: "one" } });
    expect([own.cache, own.body]).toEqual(["fetch, uncached", `for one at ${origin.host}`]);
    const two = await getPlainly(machine, `${origin.url}${path}&a`, { headers: { [name]: "two" } });
    expect(two).toEqual({ ...fresh, body: `for two at ${origin.host}` });
    const anonymous = await getPlainly(machine, `${origin.url}${path}&a`);
    expect(anonymous).toEqual({
      status: 200,
      cache: "fetch, cached",
      body: `for anonymous at ${origin.host}`,
    });
  });

  test("gets an answer of the origin, whatever is stored", async () => {
    const two = await second(`${path}&b`, {}, { [name]: "two" });
    expect(two).toEqual({ ...fresh, body: `for two at ${origin.host}` });
    expect((await get(machine, `${origin.url}${path}&b`)).cache).toBe("hit, local");
  });

  test("is never collapsed with others", async () => {
    const pending = Array.from({ length: 8 }, async (_, i) => {
      const headers = i === 0 ? {} : { [name]: `client ${i}` };
      return (await get(machine, `${origin.url}${path}&c`, { headers })).body;
    });
    const expected = pending.map((_, i) => `for ${i === 0 ? "anonymous" : `client ${i}`} at ${origin.host}`);
    expect(await Promise.all(pending)).toEqual(expected);
  });

  test("is stored for equal requests if Vary names the field", async () => {
    const vary = `${path}&vary=${name}`;
    const cache = async (value: string) =>
      (await get(machine, origin.url + vary, { headers: { [name]: value } })).cache;
    expect([await cache("one"), await cache("two"), await cache("one")]).toEqual([
      "fetch, cached",
      "fetch, cached",
      "hit, local",
    ]);
  });
});

test("a response with a cookie is not shared", async () => {
  const url = `${origin.url}/cookie?cc=max-age=86400`;
  const [first, next] = [await get(machine, url), await get(machine, url)];
  expect([first.cache, next.cache]).toEqual(["fetch, uncached", "fetch, uncached"]);
  expect(first.headers.get("set-cookie")).not.toBe(next.headers.get("set-cookie"));
});

test.each([
  ["on the disk", "public,max-age=86400", "hit, local"],
  ["in memory", "s-maxage=60", "hit, memory"],
])("a public response with a cookie is stored without it, %s", async (place, cc, outcome) => {
  const url = `${origin.url}/cookie?n=${encodeURIComponent(place)}&cc=${cc}`;
  const [first, next] = [await get(machine, url), await get(machine, url)];
  expect(first.headers.get("set-cookie")).toStartWith("session=");
  expect([next.cache, next.headers.get("set-cookie")]).toEqual([outcome, null]);
});

test("only one of many clients that share a public answer gets its cookie", async () => {
  const pending = Array.from({ length: 20 }, () => get(machine, `${origin.url}/cookie?n=crowd`));
  const cookies = (await Promise.all(pending)).map(({ headers }) => headers.get("set-cookie"));
  expect(cookies.filter((cookie) => cookie !== null).length).toBe(1);
});

test.each([
  ["on the disk", "x".repeat(2 << 20)],
  ["in memory", "x"],
])("a cookie of a 304 is for the client that it answers, %s", async (place, body) => {
  let requestCount = 0;
  await using other = await startTlsOrigin((request, response) => {
    requestCount++;
    response.setHeader("Cache-Control", "no-cache").setHeader("ETag", '"x"');
    if (request.headers["if-none-match"] !== '"x"') response.end(body);
    else response.writeHead(304, requestCount === 2 ? { "Set-Cookie": "session=1" } : {}).end();
  });
  await using own = await startProxyMachine({
    dir: dir.join(`cookie-304-${place.length}`),
    hosts: [other.host],
    env: other.trustEnv,
  });
  const cookies = [];
  for (let i = 0; i < 3; i++) cookies.push((await get(own, other.url)).headers.get("set-cookie"));
  expect(cookies).toEqual([null, "session=1", null]);
});

describe.each([
  ["on the disk", "x".repeat(2 << 20)],
  ["in memory", "x"],
])("a stored response %s", (place, body) => {
  /**
   * The answers to the second and third of three clients, when the origin confirms the stored response, to the second
   * with new fields.
   */
  async function three(
    name: string,
    news: Record<string, string>,
    init: { method?: string; headers?: Record<string, string> },
  ) {
    let requestCount = 0;
    await using other = await startTlsOrigin((request, response) => {
      requestCount++;
      response.setHeader("Cache-Control", "no-cache").setHeader("ETag", '"x"');
      response.setHeader("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT");
      for (const [field, value] of requestCount === 2 ? Object.entries(news) : [])
        response.setHeader(field, value);
      if (request.headers["if-none-match"] === '"x"') response.writeHead(304).end();
      else response.setHeader("Content-Length", body.length).end(body);
    });
    await using own = await startProxyMachine({
      dir: dir.join(`${name}-${place.length}`),
      hosts: [other.host],
      env: other.trustEnv,
    });
    await get(own, other.url);
    const second = await get(own, other.url, init);
    const next = await get(own, other.url);
    const wholes = other.requests.filter(({ method, headers }) => {
      return method === "GET" && headers["if-none-match"] === undefined;
    });
    return { second, next, wholes: wholes.length };
  }

  const mine = { authorization: "Bearer alice" };
  const private600 = { "Cache-Control": "private, max-age=600", "X-User": "alice" };

  test.each([
    ["GET", "revalidated"],
    ["HEAD", null],
  ])("a confirmation of a %s with credentials is not shared", async (method, outcome) => {
    const { second, next } = await three(`mine-${method}`, private600, { method, headers: mine });
    expect([second.status, second.cache, second.headers.get("x-user")]).toEqual([200, outcome, "alice"]);
    expect([next.cache, next.headers.get("x-user"), next.headers.get("cache-control")]).toEqual([
      "revalidated",
      null,
      "no-cache",
    ]);
  });

  test("an answer to credentials renews it if it is public", async () => {
    const fields = { "Cache-Control": "public, max-age=600", "X-News": "for all" };
    const { next } = await three("public", fields, { headers: mine });
    expect([next.status, next.headers.get("x-news")]).toEqual([200, "for all"]);
    expect(next.cache).toStartWith("hit, ");
  });

  test("a response that the origin confirms with a new Vary is fresh for no other request", async () => {
    const fields = { "Cache-Control": "max-age=600", Vary: "X-Who" };
    const { second, next } = await three("vary", fields, { headers: { "x-who": "one" } });
    expect([second.cache, second.headers.get("vary")]).toEqual(["revalidated", "X-Who"]);
    expect(next.cache).toBe("revalidated");
  });

  test.each(["private, max-age=600", "no-store", "no-store, max-age=600"])(
    "nothing is left when the origin confirms it with %s",
    async (control) => {
      const fields = { "Cache-Control": control, "X-User": "second" };
      const { second, next, wholes } = await three(control.replaceAll(/\W/g, ""), fields, {});
      expect([second.cache, second.body === body]).toEqual(["revalidated", true]);
      expect([next.cache, next.headers.get("x-user")]).toEqual(["fetch, cached, volatile", null]);
      expect(wholes).toBe(2);
    },
  );
});

test("a private response is not shared", async () => {
  const found = await second("/private?cc=private,max-age=86400", { "x-who": "one" }, { "x-who": "two" });
  expect(found).toEqual({ status: 200, cache: "fetch, uncached", body: `for two at ${origin.host}` });
});

test("a response with Vary is for equal requests only", async () => {
  const path = "/varies?vary=X-Who";
  expect(await second(path, { "x-who": "one" }, { "x-who": "two" })).toMatchObject({
    cache: "fetch, cached",
    body: `for two at ${origin.host}`,
  });
  expect(await second(path, {}, { "x-who": "one" })).toMatchObject({
    cache: "hit, local",
    body: `for one at ${origin.host}`,
  });
  expect(await second("/varies?vary=*", {}, {})).toMatchObject({ cache: "fetch, uncached" });
});

test("many different clients at once each get their own answer", async () => {
  const pending = Array.from({ length: 20 }, async (_, i) => {
    const headers = { "x-who": `client ${i % 4}` };
    return (await get(machine, `${origin.url}/crowd?vary=X-Who`, { headers })).body;
  });
  const bodies = await Promise.all(pending);
  expect(bodies).toEqual(Array.from({ length: 20 }, (_, i) => `for client ${i % 4} at ${origin.host}`));
});
