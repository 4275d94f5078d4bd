/** The effect on a proxy's clients when its upstream fails, lies or does not answer. */
import { expect, test } from "bun:test";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { eventually } from "../../support/eventually.ts";
import { startFarHosts } from "../../support/far-hosts.ts";
import { makeZip, zipAround } from "../../support/modules/make-zip.ts";
import { startModServer } from "../../support/modules/mod-server.ts";
import {
  answer,
  answering,
  type Override,
  startModuleUpstream,
} from "../../support/modules/module-upstream.ts";
import { noise } from "../../support/seed.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { addCaseModules, nameHash, openProxyFixture, type ProxyFixture, storedFiles } from "./fixture.ts";

const LIST = "example.com/a/@v/list";
const INFO = "example.com/a/@v/v1.0.0.info";
const ZIP = "example.com/a/@v/v1.0.0.zip";
const MIB = 1 << 20;

test("an upstream's refusal is passed on with its text, without retries", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.overrides.set(ZIP, answering(403, "module is quarantined: ask security\n"));
  expect(await server.answerTo(ZIP)).toBe("403 module is quarantined: ask security");
  expect(upstream.count(ZIP)).toBe(1);
});

test("an upstream's text reaches neither clients nor the log if credentials were sent", async () => {
  await using dir = tempDir("modproxy");
  await using upstream = await startModuleUpstream();
  const repeat =
    (status: number): Override =>
    (request, response, body) =>
      answering(status, `no: ${request.headers.authorization}\n`)(request, response, body);
  upstream.overrides.set(LIST, repeat(404));
  upstream.overrides.set(ZIP, repeat(403));
  upstream.overrides.set(INFO, (request, response) => {
    response.end(request.headers.authorization?.replace("Basic ", ""));
  });
  const port = new URL(upstream.url).port;
  writeFileSync(dir.join("passwords"), "machine localhost login me password hunter2\n");
  const secrets = ["hunter2", btoa("me:hunter2"), "Basic"];
  for (const [name, url] of [
    ["netrc", `http://localhost:${port}`],
    ["url", `http://me:hunter2@127.0.0.1:${port}`],
  ] as const) {
    await using server = await startModServer({
      dir: dir.join(name),
      upstream: url,
      flags: ["-v", "--debug=7"],
      env: { NETRC: dir.join("passwords"), GONOSUMDB: "*" },
    });
    expect(await server.answerTo(LIST)).toBe("404 not found");
    expect(await server.answerTo(ZIP)).toBe("403 upstream says 403");
    const info = await server.answerTo(INFO);
    expect(info).toContain("info is no JSON");
    const log = await server.stop();
    expect(log).toContain("mod GET");
    expect(secrets.filter((secret) => (info + log).includes(secret))).toEqual([]);
  }
});

test("a failing upstream gets a few retries, then its text is passed on", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.overrides.set(ZIP, answering(503, "be back soon\n"));
  expect(await server.answerTo(ZIP)).toBe("502 upstream answered 503: be back soon");
  expect(upstream.count(ZIP)).toBe(4);
  upstream.overrides.delete(ZIP);
  expect((await server.get(ZIP)).status).toBe(200);
});

test("clients don't notice a transient failure", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  let failures = 2;
  upstream.overrides.set(ZIP, (request, response, body) => {
    if (failures-- > 0) void answering(500, "oops")(request, response, body);
    else answer(request, response, body);
  });
  expect((await server.get(ZIP)).status).toBe(200);
});

test("an upstream is reached through HTTPS_PROXY unless NO_PROXY names it", async () => {
  await using dir = tempDir("modproxy");
  const hosts = ["near.example", "far.example"];
  await using far = await startFarHosts(hosts, (_url, _request, response) => response.end("v1.0.0\n"));
  const env = { ...far.env, NODE_EXTRA_CA_CERTS: far.env.SSL_CERT_FILE ?? "", no_proxy: "near.example" };
  for (const [host, answer] of [
    ["far.example", /^200 v1\.0\.0$/],
    ["near.example", /^502 /],
  ] as const) {
    await using server = await startModServer({ dir: dir.join(host), upstream: `https://${host}`, env });
    expect(await server.answerTo(LIST)).toMatch(answer);
  }
  expect(far.seen).toEqual([`GET https://far.example/${LIST}`]);
});

test("a stale list is fetched again, and served when that fails", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream, dir } = fixture;
  expect(await server.answerTo(LIST)).toBe("200 v1.0.0\nv1.1.0\nv1.2.0-Pre");
  upstream.files.set(LIST, "v1.3.0\nv1.0.0\n");
  expect(await server.answerTo(LIST)).toBe("200 v1.0.0\nv1.1.0\nv1.2.0-Pre");
  makeOld(fixture, LIST);
  expect(await server.answerTo(LIST)).toBe("200 v1.0.0\nv1.3.0");
  makeOld(fixture, LIST);
  upstream.overrides.set(LIST, answering(503));
  const stale = await server.get(LIST);
  expect([stale.status, stale.headers.get("x-cache"), stale.headers.get("warning")]).toEqual([
    200,
    "stale",
    '110 - "Response is Stale"',
  ]);
  expect(await stale.text()).toBe("v1.0.0\nv1.3.0");
  await server.stop();
  await using next = await startModServer({ dir: dir.path, upstream });
  expect(await next.answerTo(LIST)).toBe("200 v1.0.0\nv1.3.0");
});

test("an unchanged stale list is revalidated, not sent again", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  await server.answerTo(LIST);
  makeOld(fixture, LIST);
  const seen: (string | undefined)[] = [];
  upstream.overrides.set(LIST, (request, response, body) => {
    seen.push(request.headers["if-none-match"]);
    answer(request, response, body);
  });
  expect(await server.answerTo(LIST)).toBe("200 v1.0.0\nv1.1.0\nv1.2.0-Pre");
  expect(await server.answerTo(LIST)).toBe("200 v1.0.0\nv1.1.0\nv1.2.0-Pre");
  expect(seen).toEqual([expect.stringMatching(/^"/)]);
});

test("fifty requests at the same time for one zip are one upstream request", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => (await server.get(ZIP)).arrayBuffer()),
  );
  const bytes = upstream.files.get(ZIP) as Buffer;
  expect(answers.every((each) => Buffer.from(each).equals(bytes))).toBe(true);
  expect(upstream.count(ZIP)).toBe(1);
});

test("a zip that breaks off is continued where it broke", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  const bytes = upstream.files.get(ZIP) as Buffer;
  const ranges: (string | undefined)[] = [];
  upstream.overrides.set(ZIP, (request, response, body) => {
    ranges.push(request.headers.range);
    if (ranges.length > 1) return answer(request, response, body);
    response.writeHead(200, {
      etag: `"${Bun.hash(bytes).toString(16)}"`,
      "content-length": String(bytes.length),
    });
    void breakOff(server, response, bytes.subarray(0, 50));
  });
  const response = await server.get(ZIP);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  expect(ranges).toEqual([undefined, "bytes=50-"]);
});

test.each([
  ["every time", { etag: undefined }],
  ["with an etag", { etag: '"x"' }],
])("a zip that breaks off %s is neither served nor stored", async (_how, { etag }) => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  const bytes = upstream.files.get(ZIP) as Buffer;
  upstream.overrides.set(ZIP, (_request, response) => {
    response.writeHead(200, { "content-length": String(bytes.length), ...(etag && { etag }) });
    void breakOff(server, response, bytes.subarray(0, 50));
  });
  expect(await server.answerTo(ZIP)).toStartWith("502 upstream does not answer");
  expect(storedFiles(server)).toEqual([]);
  expect(readdirSync(`${server.cacheDir}/tmp`)).toEqual([]);
});

test("a large zip is served while it downloads, and clients don't notice a restart", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  const bytes = largeZip(24 * MIB);
  let requests = 0;
  upstream.overrides.set(ZIP, (_request, response) => {
    requests++;
    response.writeHead(200, { "content-length": String(bytes.length) });
    if (requests > 1) return void response.end(bytes);
    void breakOff(server, response, bytes.subarray(0, 20 * MIB));
  });
  const response = await server.get(ZIP);
  expect(response.headers.get("content-length")).toBe(String(bytes.length));
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  expect(requests).toBe(2);
});

test("a large zip that is bad, or changes while it downloads, breaks the connection", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  const bytes = largeZip(24 * MIB);
  const bad = Buffer.concat([bytes.subarray(0, -30), Buffer.alloc(30)]);
  upstream.overrides.set(ZIP, (_request, response) => void response.end(bad));
  await expect(server.get(ZIP).then((response) => response.arrayBuffer())).rejects.toThrow();
  let requests = 0;
  upstream.overrides.set(ZIP, (_request, response) => {
    response.writeHead(200, { "content-length": String(bytes.length) });
    if (requests++ === 0) void breakOff(server, response, bytes.subarray(0, 20 * MIB));
    else response.end(Buffer.alloc(bytes.length));
  });
  await expect(server.get(ZIP).then((response) => response.arrayBuffer())).rejects.toThrow();
  expect(storedFiles(server)).toEqual([]);
  expect(readdirSync(`${server.cacheDir}/tmp`)).toEqual([]);
});

const NAMES = "example.com/a@v1.0.0/";
const HOSTILE_ZIPS: Record<string, Buffer> = {
  "with another module's name": makeZip({ "example.com/b@v1.0.0/go.mod": "module example.com/b\n" }),
  "that leads out": makeZip({ [`${NAMES}../x`]: "" }),
  "with an absolute path": makeZip({ [`${NAMES}/etc/passwd`]: "" }),
  "with a backslash": makeZip({ [`${NAMES}a\\b`]: "" }),
  "with a name that Windows reserves": makeZip({ [`${NAMES}aux.go`]: "" }),
  "with two names that differ in capitals": makeZip({ [`${NAMES}a.go`]: "", [`${NAMES}A.go`]: "" }),
  "with one name twice": Buffer.from(
    makeZip({ [`${NAMES}a.go`]: "", [`${NAMES}b.go`]: "" })
      .toString("latin1")
      .replaceAll("b.go", "a.go"),
    "latin1",
  ),
  "with directories that would fill the memory": makeZip(
    Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`${NAMES}${n}${"/a".repeat(1_999)}`, ""])),
  ),
  "with a go.mod further down": makeZip({ [`${NAMES}sub/go.mod`]: "" }),
  "that says to expand to a gigabyte": makeZip({ [`${NAMES}a.go`]: "x" }, { [`${NAMES}a.go`]: 1 << 30 }),
  "that is no zip": Buffer.from("hello"),
  "that is empty": Buffer.alloc(0),
};

test.each(Object.keys(HOSTILE_ZIPS))("a zip %s is refused and not stored", async (name) => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.files.set(ZIP, HOSTILE_ZIPS[name] as Buffer);
  expect(await server.answerTo(ZIP)).toStartWith("502 upstream sent a bad file: ");
  expect(storedFiles(server)).toEqual([]);
  expect(readdirSync(`${server.cacheDir}/tmp`)).toEqual([]);
});

test("a zip of 450 MB is not kept in memory", async () => {
  await using fixture = await openProxyFixture({ env: { GOSUMDB: "off" } });
  const { server, upstream } = fixture;
  const chunk = Buffer.alloc(MIB, "noise");
  const { head, tail, sizeBytes } = zipAround(`${NAMES}noise`, chunk, 430);
  upstream.overrides.set(ZIP, async (_request, response) => {
    response.writeHead(200, { "content-length": String(sizeBytes) });
    response.write(head);
    for (let n = 0; n < 430; n++) if (!response.write(chunk)) await once(response, "drain");
    response.end(tail);
  });
  for (const cache of ["fetch", "hit, local"]) {
    const response = await server.get(ZIP);
    let length = 0;
    for await (const part of response.body ?? []) length += part.length;
    expect([response.headers.get("x-cache"), length]).toEqual([cache, sizeBytes]);
  }
  const status = readFileSync(`/proc/${server.running.pid}/status`, "latin1");
  expect(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(300 * 1024);
  expect(upstream.count(ZIP)).toBe(1);
});

test("a zip that claims to be too large is not downloaded", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.overrides.set(ZIP, (_request, response) => {
    response.writeHead(200, { "content-length": String(501 * MIB) });
    response.write("PK");
  });
  expect(await server.answerTo(ZIP)).toBe(`502 upstream sent a file that is larger than ${500 * MIB} bytes`);
  expect(upstream.count(ZIP)).toBe(1);
});

test.each([
  ["example.com/a/@v/v1.0.0.info", '{"Version":"v9.9.9"}'],
  ["example.com/a/@v/v1.0.0.info", "<html>"],
  ["example.com/a/@v/v1.0.0.mod", "nothing"],
  ["example.com/a/@v/master.info", '{"Version":"master"}'],
  ["example.com/a/@latest", "[]"],
  ["example.com/a/@v/v1.0.0.mod", Buffer.from([0x6d, 0xff, 0xfe])],
])("%s with %p is refused and not stored", async (path, body) => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.files.set(path, body);
  expect(await server.answerTo(path)).toStartWith("502 upstream sent a bad file: ");
  expect(storedFiles(server)).toEqual([]);
});

test("an error answer, or no answer, is not stored", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.overrides.set(LIST, answering(204));
  expect(await server.answerTo(LIST)).toStartWith("502");
  await upstream.stop();
  expect(await server.answerTo("example.com/a/@v/v1.1.0.info")).toStartWith("502 upstream does not answer");
  expect(storedFiles(server)).toEqual([]);
});

test("redirects are followed", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.overrides.set(ZIP, (_request, response) => {
    response.writeHead(302, { location: "/elsewhere" });
    response.end();
  });
  upstream.files.set("elsewhere", upstream.files.get(ZIP) as Buffer);
  expect((await server.get(ZIP)).status).toBe(200);
  upstream.overrides.set("example.com/a/@v/v1.1.0.zip", (_request, response) => {
    response.writeHead(302, { location: "/example.com/a/@v/v1.1.0.zip" });
    response.end();
  });
  expect(await server.answerTo("example.com/a/@v/v1.1.0.zip")).toContain("redirects");
});

test("after a comma only an absent file leads to the next upstream, after a bar any error does", async () => {
  await using first = await openProxyFixture();
  await using second = await startModuleUpstream();
  await addCaseModules(second);
  await second.addModule({ module: "example.com/second", version: "v1.0.0" });
  const { upstream, dir } = first;
  upstream.overrides.set(ZIP, answering(500, "broken"));
  await using comma = await startModServer({
    dir: dir.join("comma"),
    upstream: `${upstream.url},${second.url}`,
  });
  expect(await comma.answerTo("example.com/second/@v/v1.0.0.mod")).toBe("200 module example.com/second");
  expect(await comma.answerTo(ZIP)).toStartWith("502");
  await using bar = await startModServer({ dir: dir.join("bar"), upstream: `${upstream.url}|${second.url}` });
  expect((await bar.get(ZIP)).status).toBe(200);
});

test("private modules are neither fetched nor looked up", async () => {
  await using fixture = await openProxyFixture({ env: { GOPRIVATE: "example.com/*/private,*.corp" } });
  const { server, upstream } = fixture;
  for (const module of ["example.com/a/private", "git.corp/x"]) {
    expect(await server.answerTo(`${module}/@v/list`)).toBe(
      `404 not found: ${module} is private (GOPRIVATE, GONOPROXY)`,
    );
    expect(await server.answerTo(`sumdb/sumdb.test/lookup/${module}@v1.0.0`)).toStartWith("404");
  }
  expect(upstream.requested).toEqual([]);
});

test("credentials of a netrc file go to their host and not into the log", async () => {
  await using fixture = await openProxyFixture();
  const { upstream, dir } = fixture;
  const seen: (string | undefined)[] = [];
  upstream.overrides.set(LIST, (request, response, body) => {
    seen.push(request.headers.authorization);
    answer(request, response, body);
  });
  writeFileSync(dir.join("netrc"), "machine 127.0.0.1 login me password s3cret\n");
  const env = { NETRC: dir.join("netrc") };
  await using server = await startModServer({
    dir: dir.join("netrc-dir"),
    upstream,
    env,
    flags: ["-v", "--debug=7"],
  });
  await server.answerTo(LIST);
  const { host } = new URL(upstream.url);
  const inUrl = {
    dir: dir.join("url-dir"),
    upstream: `http://you:pa%3Ass@${host}`,
    flags: ["-v", "--debug=7"],
  };
  await using other = await startModServer(inUrl);
  await other.answerTo(LIST);
  expect(seen).toEqual([`Basic ${btoa("me:s3cret")}`, `Basic ${btoa("you:pa:ss")}`]);
  const said = `${await server.stop()}${await other.stop()}`;
  expect(said).toContain("module upstreams: ");
  expect(said).not.toMatch(/s3cret|pa%3Ass|pa:ss/);
});

test("a redirect to another host gets no credentials, neither those of the first host nor its own", async () => {
  await using fixture = await openProxyFixture();
  const { upstream, dir } = fixture;
  const seen: Record<string, string | undefined>[] = [];
  const { port } = new URL(upstream.url);
  const look: Parameters<typeof upstream.overrides.set>[1] = (request, response, body) => {
    const { host, authorization } = request.headers;
    seen.push({ host, authorization });
    if (host?.startsWith("localhost")) answer(request, response, body);
    else response.writeHead(302, { location: `http://localhost:${port}/${LIST}` }).end();
  };
  upstream.overrides.set(LIST, look);
  const entry = (host: string) => `machine ${host} login me password of-${host}\n`;
  writeFileSync(dir.join("netrc"), entry("127.0.0.1") + entry("localhost"));
  const env = { NETRC: dir.join("netrc") };
  await using server = await startModServer({ dir: dir.join("redirect"), upstream, env });
  expect(await server.answerTo(LIST)).toStartWith("200");
  expect(seen).toEqual([
    { host: `127.0.0.1:${port}`, authorization: `Basic ${btoa("me:of-127.0.0.1")}` },
    { host: `localhost:${port}`, authorization: undefined },
  ]);
});

test("a proxy that is its own upstream says so", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.overrides.set(LIST, (request, response) => {
    const { via = "" } = request.headers;
    void fetch(`${server.url}/${LIST}`, { headers: { via }, proxy: false } as RequestInit).then(
      async (answered) => {
        response.writeHead(answered.status);
        response.end(await answered.text());
      },
    );
  });
  expect(await server.answerTo(LIST)).toContain("its own upstream");
});

/** Sends this much of a body, and resets the connection when the server has it on its disk. */
async function breakOff(
  { cacheDir }: ProxyFixture["server"],
  response: ServerResponse,
  bytes: Buffer,
): Promise<void> {
  response.write(bytes);
  const tempSizes = () =>
    readdirSync(`${cacheDir}/tmp`).map(
      (name) => statSync(`${cacheDir}/tmp/${name}`, { throwIfNoEntry: false })?.size,
    );
  const isOver = () => response.socket?.destroyed ?? true;
  await eventually("all that was sent is in a file", () => isOver() || tempSizes().includes(bytes.length));
  response.destroy();
}

/** Makes the metadata of a name an hour older. */
function makeOld({ server }: ProxyFixture, name: string): void {
  const hash = nameHash(name);
  const path = `${server.cacheDir}/module-meta/${hash.slice(0, 2)}/${hash}`;
  const meta = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...meta, fetchedAtMs: meta.fetchedAtMs - 3_600_000 }));
  utimesSync(path, new Date(), new Date());
}

function largeZip(sizeBytes: number): Buffer {
  return makeZip({ [`${NAMES}go.mod`]: "module example.com/a\n", [`${NAMES}noise`]: noise(sizeBytes) });
}
