/** The proxy's protocol, with one client and without go. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { nameHash, openProxyFixture, type ProxyFixture, storedFiles } from "./fixture.ts";

let fixture: ProxyFixture;
/** Serves no module, so that nothing is verified in the background. */
let idle: ProxyFixture;

beforeAll(async () => {
  [fixture, idle] = await Promise.all([openProxyFixture(), openProxyFixture()]);
});

afterAll(async () => {
  for (const each of [fixture, idle]) await each[Symbol.asyncDispose]();
});

test("a list has only sorted releases, and may be cached for a minute", async () => {
  const response = await fixture.server.get("example.com/a/@v/list");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(response.headers.get("cache-control")).toBe("public, max-age=60");
  expect(await response.text()).toBe("v1.0.0\nv1.1.0\nv1.2.0-Pre");
});

test("an info is the upstream's, with its Origin", async () => {
  const response = await fixture.server.get("example.com/a/@v/v1.1.0.info");
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(await response.json()).toEqual({
    Version: "v1.1.0",
    Time: "2024-01-02T03:04:05Z",
    Origin: { VCS: "git", URL: "https://example.com/a" },
  });
});

test("a go.mod is fetched without its zip", async () => {
  expect(await fixture.server.answerTo("example.com/a/@v/v1.0.0.mod")).toBe("200 module example.com/a");
  expect(fixture.upstream.count("example.com/a/@v/v1.0.0.zip")).toBe(0);
  expect(fixture.upstream.count("example.com/a/@v/v1.0.0.info")).toBe(0);
});

test("a zip is fetched from the upstream once", async () => {
  const path = "example.com/a/@v/v1.1.0.zip";
  const bytes = fixture.upstream.files.get(path) as Buffer;
  for (const cache of ["fetch", "hit, local"]) {
    const response = await fixture.server.get(path);
    expect(response.headers.get("content-type")).toBe("application/zip");
    expect(response.headers.get("content-length")).toBe(String(bytes.length));
    expect(response.headers.get("etag")).toBe(
      `"${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}"`,
    );
    expect(response.headers.get("x-cache")).toBe(cache);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  }
  expect(fixture.upstream.count(path)).toBe(1);
});

test("a capital is the same name with its ! percent-encoded or not", async () => {
  const answer = "200 module example.com/BigCo/Lib";
  expect(await fixture.server.answerTo("example.com/%21big%21co/%21lib/@v/v0.1.0.mod")).toBe(answer);
  expect(await fixture.server.answerTo("example.com/!big!co/!lib/@v/v0.1.0.mod")).toBe(answer);
  expect(fixture.upstream.count("example.com/!big!co/!lib/@v/v0.1.0.mod")).toBe(1);
});

test.each([
  ["example.com/BigCo/Lib/@v/v0.1.0.mod", "invalid escaped module path"],
  ["example.com/inc/@v/v2.0.0.mod", "unrecognized version"],
  ["example.com/a/@v/master.mod", "unrecognized version"],
  ["example.com/a/@v/master.zip", "unrecognized version"],
  ["example.com/a/@v/latest.info", "invalid version"],
  ["example.com/a/@v/upgrade.info", "invalid version"],
  ["example.com/a/@v/patch.info", "invalid version"],
  ["example.com/a/@v/foobar", "no file extension"],
  ["example.com/a/@v/foo.bar", "unexpected extension"],
  ["/example.com/a/@v/list", "path is not clean"],
  ["example.com/a/@v/list/", "path is not clean"],
  ["example.com/a/@v/..%2f..%2fx.info", "path is not clean"],
  ["example.com/a/@v/x%252f..%252fy.info", "invalid character"],
  ["example.com/a/@v/x%25zz.info", "invalid character"],
  ["example.com/a/@v/v1.0.0%00.info", "invalid character"],
  ["example.com/a%5cb/@v/list", "invalid character"],
  ["example.com/%zz/@v/list", "invalid percent-encoding"],
  ["sumdb/other/supported", "unknown checksum database"],
  ["sumdb/sumdb.test", "not a file of a checksum database"],
  ["sumdb/sumdb.test/foo", "not a file of a checksum database"],
  ["sumdb/sumdb.test/tile/%252e%252e/0", "invalid character"],
  ["sumdb/sumdb.test/tile/8/0/1", "not a file of a checksum database"],
  ["sumdb/sumdb.test/lookup/example.com/a@master", "unrecognized version"],
])("%s is refused, and nothing is fetched or stored", async (path, reason) => {
  const response = await idle.server.get(path);
  expect(await response.text()).toStartWith(`not found: ${reason}`);
  expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/plain; charset=utf-8"]);
  expect([idle.upstream.requested, storedFiles(idle.server)]).toEqual([[], []]);
});

test.each([
  "/../etc/passwd",
  "/example.com/%2e%2e/x/@v/list",
  "/example.com/../example.com/a/@v/list",
  "/example.com/./a/@v/list",
])("%s is refused as it was sent", async (path) => {
  expect(await rawStatus(path)).toBe(404);
  expect(idle.upstream.requested).toEqual([]);
});

test("+incompatible stays part of a version", async () => {
  expect(await fixture.server.answerTo("example.com/inc/@v/v2.0.0+incompatible.mod")).toBe(
    "200 module example.com/inc",
  );
});

test("the upstream resolves a branch", async () => {
  const response = await fixture.server.get("example.com/a/@v/master.info");
  expect(response.headers.get("cache-control")).toBe("public, max-age=60");
  expect(await response.json()).toEqual({ Version: "v1.1.0" });
});

test("the upstream resolves the latest version", async () => {
  expect(await fixture.server.answerTo("example.com/a/@latest")).toBe('200 {"Version":"v1.1.0"}');
  expect(await fixture.server.answerTo("example.com/pseudo/@latest")).toStartWith(
    '200 {"Version":"v0.0.0-2024',
  );
  expect(await fixture.server.answerTo("example.com/inc/@latest")).toStartWith("404 not found");
});

test("only GET and HEAD are allowed, HEAD without a body", async () => {
  const post = await fixture.server.get("example.com/a/@v/list", { method: "POST" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const head = await fixture.server.get("example.com/a/@v/v1.2.0-!pre.zip", { method: "HEAD" });
  expect([head.status, Number(head.headers.get("content-length")) > 0]).toEqual([200, true]);
  expect(await head.text()).toBe("");
});

test("answers range and conditional requests for a zip", async () => {
  const path = "example.com/a/@v/v1.0.0.zip";
  const whole = await fixture.server.get(path);
  const bytes = Buffer.from(await whole.arrayBuffer());
  const etag = whole.headers.get("etag") ?? "";
  const part = await fixture.server.get(path, { headers: { range: "bytes=0-9" } });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 0-9/${bytes.length}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(0, 10))).toBe(true);
  const same = await fixture.server.get(path, { headers: { "if-none-match": etag } });
  expect([same.status, await same.text()]).toEqual([304, ""]);
  const beyond = await fixture.server.get(path, { headers: { range: "bytes=99999999-" } });
  expect(beyond.status).toBe(416);
});

test("cached-only requests, by path or by header, never reach the upstream", async () => {
  const uncached = "example.com/never/@v/v1.0.0.info";
  const paths = ["example.com/a/@v/v1.1.0.info", "sumdb/sumdb.test/lookup/example.com/a@v1.0.0", uncached];
  const counts = () => paths.map((path) => fixture.upstream.count(path));
  await fixture.server.answerTo("example.com/a/@v/v1.1.0.info");
  await fixture.server.answerTo("sumdb/sumdb.test/lookup/example.com/a@v1.0.0");
  const before = counts();
  expect(await fixture.server.answerTo("cached-only/example.com/a/@v/v1.1.0.info")).toStartWith("200");
  expect(await fixture.server.answerTo("cached-only/sumdb/sumdb.test/supported")).toBe("200 ");
  expect(
    await fixture.server.answerTo("cached-only/sumdb/sumdb.test/lookup/example.com/a@v1.0.0"),
  ).toStartWith("200");
  expect(await fixture.server.answerTo(`cached-only/${uncached}`)).toBe(
    "404 not found: temporarily unavailable",
  );
  const headers = { "disable-module-fetch": "true" };
  const response = await fixture.server.get(uncached, { headers });
  expect([response.status, response.headers.get("cache-control")]).toEqual([404, "public, max-age=60"]);
  expect(counts()).toEqual(before);
});

test("a file that the upstream does not have is requested once", async () => {
  const path = "example.com/none/@v/v1.0.0.info";
  for (let n = 0; n < 3; n++)
    expect(await fixture.server.answerTo(path)).toBe("404 not found: no such file upstream");
  expect(fixture.upstream.count(path)).toBe(1);
});

test("a corrupt file is detected, fetched again and replaced", async () => {
  await using own = await openProxyFixture();
  const path = "example.com/a/@v/v1.0.0.zip";
  await own.server.answerTo(path);
  const hash = nameHash(path);
  const local = `${own.server.cacheDir}/module/${hash.slice(0, 2)}/${hash}`;
  const bytes = own.upstream.files.get(path) as Buffer;
  writeFileSync(local, Buffer.alloc(bytes.length));
  const response = await own.server.get(path);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  expect(own.upstream.count(path)).toBe(2);
  expect(Buffer.from(await Bun.file(local).arrayBuffer()).equals(bytes)).toBe(true);
});

test("answers that the database is supported without a request to the upstream", async () => {
  expect(await idle.server.answerTo("sumdb/sumdb.test/supported")).toBe("200 ");
  expect(idle.upstream.requested).toEqual([]);
});

test("a lookup is one name, and fetched once", async () => {
  const answer = await fixture.server.answerTo("sumdb/sumdb.test/lookup/example.com/!big!co/!lib@v0.1.0");
  expect(answer).toContain("example.com/BigCo/Lib v0.1.0 h1:");
  expect(await fixture.server.answerTo("sumdb/sumdb.test/lookup/example.com/%21big%21co/%21lib@v0.1.0")).toBe(
    answer,
  );
  expect(fixture.upstream.count("sumdb/sumdb.test/lookup/example.com/!big!co/!lib@v0.1.0")).toBe(1);
});

/** The status for a target that no client library would send. */
async function rawStatus(path: string): Promise<number> {
  const { hostname, port } = new URL(idle.server.url);
  const answer = Promise.withResolvers<string>();
  await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (socket, data) => {
        answer.resolve(data.toString());
        socket.end();
      },
      open: (socket) =>
        void socket.write(`GET /mod${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
    },
  });
  return Number((await answer.promise).split(" ")[1]);
}
