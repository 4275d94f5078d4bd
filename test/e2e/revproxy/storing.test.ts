/** Which responses are stored, where and how long, and what happens to them after failures. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { s3Flags } from "../../support/binary.ts";
import { eventually } from "../../support/eventually.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { hasLeft } from "../../support/has-left.ts";
import { sha256Hex } from "../../support/ids.ts";
import { type ProxyMachine, startProxyMachine } from "../../support/proxy-machine.ts";
import { startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { startTlsOrigin, type TlsOrigin } from "../../support/tls-origin.ts";
import { get, getPlainly } from "../../support/via-proxy.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const LARGE = "0123456789abcdef".repeat(40_000);

let dir: TempDir;
let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  dir = stack.use(tempDir("storing"));
});
afterEach(() => stack.disposeAsync());

/** Answers as the query says, validators included. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "", "https://origin");
  response.setHeader("Cache-Control", searchParams.get("cc") ?? "max-age=86400");
  const etag = searchParams.get("etag");
  if (etag !== null) response.setHeader("ETag", etag);
  if (etag !== null && request.headers["if-none-match"] === etag) response.writeHead(304).end();
  else if (request.method !== "GET" && request.method !== "HEAD") response.end("changed");
  else response.end(pathname === "/large" ? LARGE : `body of ${pathname}`);
}

async function startOrigin(how = answer): Promise<TlsOrigin> {
  return stack.use(await startTlsOrigin(how));
}

/** A client that reads the beginning of its answer only. */
async function askWithoutReading(machine: ProxyMachine, origin: TlsOrigin, path: string): Promise<void> {
  const socket = connect(machine.port, "127.0.0.1");
  stack.defer(() => void socket.destroy());
  socket.on("error", () => undefined);
  socket.write(`GET ${origin.url}${path} HTTP/1.1\r\nHost: ${origin.host}\r\n\r\n`);
  await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  socket.pause();
}

/** Waits until the response is stored, which is a moment after the first client has it. */
async function getKept(machine: ProxyMachine, url: string, headers = {}): Promise<void> {
  while ((await get(machine, url, { headers })).cache !== "revalidated");
}

/** Whether this many requests have joined another one. */
async function hasJoined(machine: ProxyMachine, count: number): Promise<boolean> {
  return (await machine.counters()).rev_req_joined === count;
}

async function startMachine(
  origin: TlsOrigin,
  { name = "one", flags = [] as string[], env = {} as Record<string, string> } = {},
): Promise<ProxyMachine> {
  const started = startProxyMachine({
    dir: dir.join(name),
    hosts: [origin.host],
    flags,
    env: { ...origin.trustEnv, ...env },
  });
  mkdirSync(dir.join(name), { recursive: true });
  return stack.use(await started);
}

describe("stored", () => {
  test("for a day: found on the disk, also by the next server", async () => {
    const origin = await startOrigin();
    const first = await startMachine(origin);
    expect((await get(first, `${origin.url}/large`)).cache).toBe("fetch, cached");
    expect(await getPlainly(first, `${origin.url}/large`)).toEqual({
      status: 200,
      cache: "hit, local",
      body: LARGE,
    });
    await first.stop();
    const next = await startMachine(origin);
    expect(await getPlainly(next, `${origin.url}/large`)).toEqual({
      status: 200,
      cache: "hit, local",
      body: LARGE,
    });
    expect(origin.seen).toEqual(["GET /large"]);
  });

  test("for a minute: found in memory only", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin);
    const outcomes = [];
    for (let i = 0; i < 2; i++) outcomes.push((await get(machine, `${origin.url}/a?cc=max-age=60`)).cache);
    expect(outcomes).toEqual(["fetch, cached, volatile", "hit, memory"]);
    expect(filesBelow(join(machine.cacheDir, "revproxy"))).toEqual([]);
  });

  test("when stale: revalidated by its entity tag each time", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin);
    const url = `${origin.url}/a?cc=no-cache&etag="x"`;
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push((await get(machine, url)).cache);
    expect(outcomes).toEqual(["fetch, cached, volatile", "revalidated", "revalidated"]);
    expect(origin.requests.map((requested) => requested.headers["if-none-match"])).toEqual([
      undefined,
      '"x"',
      '"x"',
    ]);
  });

  test("in a bucket: found by another machine with an empty disk, and sent in parts", async () => {
    const origin = await startOrigin();
    const s3 = stack.use(await startS3Server());
    const options = { flags: s3Flags(s3, { prefix: "team" }), env: s3.env };
    const first = await startMachine(origin, options);
    for (const path of ["/small", "/large"]) await get(first, origin.url + path);
    await first.stop();
    const second = await startMachine(origin, { name: "two", ...options });
    for (const [path, body] of [
      ["/small", "body of /small"],
      ["/large", LARGE],
    ] as const) {
      expect(await getPlainly(second, origin.url + path)).toEqual({
        status: 200,
        cache: "hit, remote",
        body,
      });
      expect(await getPlainly(second, origin.url + path)).toEqual({ status: 200, cache: "hit, local", body });
    }
    const part = await getPlainly(second, `${origin.url}/large`, { headers: { range: "bytes=16-31" } });
    expect(part).toEqual({ status: 206, cache: "hit, local", body: LARGE.slice(0, 16) });
    expect(origin.seen).toEqual(["GET /small", "GET /large"]);
  });

  test("no longer when a successful POST may have changed it", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin);
    await get(machine, `${origin.url}/a`);
    await get(machine, `${origin.url}/a`, { method: "POST", body: "new" });
    expect((await get(machine, `${origin.url}/a`)).cache).toBe("fetch, cached");
  });

  test("not from another machine's upload, when a POST through this one may have changed it", async () => {
    const origin = await startOrigin();
    const s3 = stack.use(await startS3Server());
    const options = { flags: s3Flags(s3, { prefix: "team" }), env: s3.env };
    const first = await startMachine(origin, options);
    await get(first, `${origin.url}/a`);
    await first.stop();
    const other = await startMachine(origin, { name: "two", ...options });
    await get(other, `${origin.url}/a`, { method: "POST", body: "new" });
    expect((await get(other, `${origin.url}/a`)).cache).toBe("fetch, cached");
  });

  /** An origin that a POST changes, and that can delay an answer. */
  async function startChanging(answerWith: (request: IncomingMessage, response: ServerResponse) => string) {
    const [requested, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const behaviour = { state: "old", delaysNext: false };
    const origin = await startOrigin(async (request, response) => {
      if (request.method === "POST") behaviour.state = "new";
      response.setHeader("ETag", `"${behaviour.state}"`).setHeader("Cache-Control", "max-age=86400");
      const body = `${behaviour.state} ${answerWith(request, response)}`;
      if (behaviour.delaysNext) {
        behaviour.delaysNext = false;
        requested.resolve();
        await release.promise;
      }
      response.end(body);
    });
    stack.defer(() => release.resolve());
    return { origin, behaviour, requested: requested.promise, release: release.resolve };
  }

  test.each([
    ["that many may wait for", {}],
    ["that is one client's own", { "if-none-match": '"other"' }],
  ])("not from an answer %s, when a successful POST came before its end", async (_, headers) => {
    const { origin, behaviour, requested, release } = await startChanging(() => "body");
    const machine = await startMachine(origin);
    behaviour.delaysNext = true;
    const first = get(machine, `${origin.url}/a`, { headers });
    await requested;
    await get(machine, `${origin.url}/a`, { method: "POST", body: "new" });
    const next = await getPlainly(machine, `${origin.url}/a`);
    expect(next).toEqual({ status: 200, cache: "fetch, cached", body: "new body" });
    release();
    expect((await first).body).toBe("old body");
    const last = await get(machine, `${origin.url}/a`);
    expect([last.cache, last.body]).toEqual(["hit, local", "new body"]);
  });

  test.each(["GET", "HEAD"])(
    "no longer when a successful POST came before the origin's confirmation of a %s",
    async (method) => {
      const { origin, behaviour, requested, release } = await startChanging((request, response) => {
        const isSame = request.headers["if-none-match"] === `"${behaviour.state}"`;
        if (isSame) response.statusCode = 304;
        if (!behaviour.delaysNext) response.setHeader("Cache-Control", "max-age=0");
        return LARGE.repeat(4);
      });
      const machine = await startMachine(origin);
      await getKept(machine, `${origin.url}/a`);
      behaviour.delaysNext = true;
      const first = get(machine, `${origin.url}/a`, { method });
      await requested;
      await get(machine, `${origin.url}/a`, { method: "POST", body: "new" });
      release();
      expect((await first).status).toBe(200);
      const next = await get(machine, `${origin.url}/a`);
      expect([next.cache, next.body.slice(0, 4)]).toEqual(["fetch, cached, volatile", "new "]);
    },
  );

  test.each([
    ["on the disk", LARGE.repeat(4)],
    ["in memory", "body"],
  ])("%s is stored in its newest version, also when an older one is confirmed later", async (_, body) => {
    const { origin, behaviour, requested, release } = await startChanging((request, response) => {
      if (request.headers["if-none-match"] === `"${behaviour.state}"`) response.statusCode = 304;
      if (!behaviour.delaysNext) response.setHeader("Cache-Control", "max-age=0");
      return body;
    });
    const machine = await startMachine(origin);
    await getKept(machine, `${origin.url}/a`);
    behaviour.delaysNext = true;
    const first = get(machine, `${origin.url}/a`);
    await requested;
    behaviour.state = "new";
    await getKept(machine, `${origin.url}/a`, { "cache-control": "no-cache" });
    release();
    expect((await first).body.slice(0, 4)).toBe("old ");
    const next = await get(machine, `${origin.url}/a`);
    expect([next.cache, next.body.slice(0, 4)]).toEqual(["revalidated", "new "]);
  });

  test("not at all when it is larger than a quarter of --max-size", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin, { flags: ["--max-size=1MiB"] });
    const found = await getPlainly(machine, `${origin.url}/large`);
    expect(found).toEqual({ status: 200, cache: "fetch, uncached", body: LARGE });
  });
});

describe("from a stored response", () => {
  test("a client that has it already gets 304, and a HEAD gets the head", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin);
    const url = `${origin.url}/large?etag="x"`;
    await get(machine, url);
    const known = await getPlainly(machine, url, { headers: { "if-none-match": '"w", W/"x"' } });
    expect(known).toEqual({ status: 304, cache: "hit, local", body: "" });
    const head = await get(machine, url, { method: "HEAD" });
    expect([head.status, head.cache, head.headers.get("content-length")]).toEqual([
      200,
      "hit, local",
      String(LARGE.length),
    ]);
    expect(origin.seen.length).toBe(1);
  });

  test("redirects and errors are sent whatever the client has already", async () => {
    const origin = await startOrigin((request, response) => {
      response.setHeader("Cache-Control", "max-age=86400").setHeader("ETag", '"x"');
      response.writeHead(Number(request.url?.slice(1)), { Location: "/other" }).end("answer");
    });
    const machine = await startMachine(origin);
    const found = [];
    for (const status of [200, 301, 404]) {
      const url = `${origin.url}/${status}`;
      await get(machine, url);
      const since = new Date(Date.now() + 86_400_000).toUTCString();
      for (const headers of [{ "if-modified-since": since }, { "if-none-match": '"x"' }]) {
        const answered = await get(machine, url, { headers });
        found.push([answered.status, answered.cache, answered.body]);
      }
    }
    expect(found).toEqual([
      [304, "hit, local", ""],
      [304, "hit, local", ""],
      [301, "hit, memory", "answer"],
      [301, "hit, memory", "answer"],
      [404, "hit, memory", "answer"],
      [404, "hit, memory", "answer"],
    ]);
  });

  test("parts are sent, and ranges beyond the end are refused", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin);
    const url = `${origin.url}/large?etag="x"`;
    await get(machine, url);
    const range = async (text: string, extra = {}) => {
      const { status, body, headers } = await get(machine, url, { headers: { range: text, ...extra } });
      return [status, body.length, headers.get("content-range")];
    };
    expect(await range("bytes=-5")).toEqual([206, 5, "bytes 639995-639999/640000"]);
    expect(await range("bytes=639990-")).toEqual([206, 10, "bytes 639990-639999/640000"]);
    expect(await range("bytes=640000-")).toEqual([416, 0, "bytes */640000"]);
    expect(await range("bytes=0-1", { "if-range": '"other"' })).toEqual([200, 640_000, null]);
    expect(await range("bytes=0-1,4-5")).toEqual([200, 640_000, null]);
  });

  test("a stale response is sent when the origin is unreachable, unless that is forbidden", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin);
    const [plain, strict] = ['/a?cc=max-age=0&etag="x"', '/b?cc=max-age=0,must-revalidate&etag="x"'];
    for (const path of [plain, strict]) await get(machine, origin.url + path);
    await origin.goAway();
    expect(await getPlainly(machine, origin.url + plain)).toEqual({
      status: 200,
      cache: "stale",
      body: "body of /a",
    });
    expect((await get(machine, origin.url + strict)).status).toBe(502);
  });
});

describe("many clients at once", () => {
  test("for the same resource are served by one request, each at its own pace", async () => {
    const release = Promise.withResolvers<void>();
    const origin = await startOrigin(async (_request, response) => {
      response.setHeader("Cache-Control", "max-age=86400");
      response.setHeader("Content-Length", LARGE.length);
      response.write(LARGE.slice(0, 100_000));
      await release.promise;
      response.end(LARGE.slice(100_000));
    });
    const machine = await startMachine(origin);
    const requested = Array.from({ length: 50 }, () => get(machine, `${origin.url}/large`));
    await eventually("all but one wait for the first", async () => await hasJoined(machine, 49));
    release.resolve();
    const bodies = await Promise.all(requested);
    expect(new Set(bodies.map(({ body }) => sha256Hex(Buffer.from(body))))).toEqual(
      new Set([sha256Hex(Buffer.from(LARGE))]),
    );
    expect(origin.seen.length).toBe(1);
  });

  test("go on when the first one disconnects", async () => {
    const release = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const origin = await startTlsOrigin(
      async (_request, response) => {
        response.setHeader("Cache-Control", "max-age=86400");
        response.write("first ");
        begun.resolve();
        await release.promise;
        response.end("last");
      },
      { tls: false },
    );
    stack.use(origin);
    const machine = await startMachine(origin);
    const { hostname, port } = new URL(machine.address);
    const first = request({ host: hostname, port, path: `${origin.url}/a`, headers: { host: origin.host } });
    first.on("error", () => undefined);
    first.end();
    await begun.promise;
    const second = get(machine, `${origin.url}/a`);
    await eventually("the second waits for the first", async () => await hasJoined(machine, 1));
    const { localPort } = first.socket ?? {};
    first.destroy();
    await hasLeft(localPort, machine.port);
    release.resolve();
    expect((await second).body).toBe("first last");
    expect(origin.seen.length).toBe(1);
  });

  test.each([
    ["confirmed by the origin", "revalidated", false],
    ["standing in for an origin that has gone", "stale", true],
  ])("don't wait for a client that does not read: stored, %s", async (_, outcome, isGone) => {
    const huge = "x".repeat(16 << 20);
    const origin = await startTlsOrigin(
      (request, response) => {
        response.setHeader("Cache-Control", "max-age=0").setHeader("ETag", '"x"');
        if (request.headers["if-none-match"] === '"x"') response.writeHead(304).end();
        else response.end(huge);
      },
      { tls: false },
    );
    stack.use(origin);
    const machine = await startMachine(origin);
    await getKept(machine, `${origin.url}/a`);
    if (isGone) await origin.goAway();
    await askWithoutReading(machine, origin, "/a");
    const { cache, body } = await get(machine, `${origin.url}/a`);
    expect([cache, body.length]).toEqual([outcome, huge.length]);
  });
});

describe("broken", () => {
  test("answers of the origin reach no client as complete, and are not stored", async () => {
    let isBroken = true;
    const origin = await startOrigin((_request, response) => {
      response.setHeader("Cache-Control", "max-age=86400");
      response.setHeader("Content-Length", 10);
      if (!isBroken) response.end("0123456789");
      else response.write("01234", () => response.destroy());
    });
    const machine = await startMachine(origin);
    await expect(get(machine, `${origin.url}/a`)).rejects.toThrow();
    isBroken = false;
    const found = await getPlainly(machine, `${origin.url}/a`);
    expect(found).toEqual({ status: 200, cache: "fetch, cached", body: "0123456789" });
  });

  test("files and objects are fetched again and replaced", async () => {
    const origin = await startOrigin();
    const bucket = dir.join("bucket");
    mkdirSync(bucket);
    const flags = [`--bucket=file://${bucket}`];
    const first = await startMachine(origin, { flags });
    await get(first, `${origin.url}/large`);
    await get(first, `${origin.url}/small`);
    await first.stop();
    const damage = (root: string) => {
      for (const name of filesBelow(root)) {
        const bytes = readFileSync(join(root, name));
        bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
        writeFileSync(join(root, name), bytes);
      }
    };
    damage(join(first.cacheDir, "revproxy"));
    damage(join(bucket, "revproxy"));
    const next = await startMachine(origin, { flags });
    const large = await getPlainly(next, `${origin.url}/large`);
    expect(large).toEqual({ status: 200, cache: "fetch, cached", body: LARGE });
    expect((await get(next, `${origin.url}/small`)).body).toBe("body of /small");
    await next.stop();
    const other = await startMachine(origin, { name: "other", flags });
    expect(await getPlainly(other, `${origin.url}/large`)).toEqual({
      status: 200,
      cache: "hit, remote",
      body: LARGE,
    });
  });
});

describe("an object of tailscale/go-cache-plugin", () => {
  const seedObject = (headers: string, body: string) => `${headers}\n\n${body}`;
  const place = (machine: ProxyMachine, name: string, content: string) => {
    const hash = sha256Hex(Buffer.from(name));
    const path = join(machine.cacheDir, "revproxy", hash.slice(0, 2), hash);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.from(content, "latin1"));
  };

  test("is used when the origin confirms it, and then stored in the new format", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin);
    const path = '/seed?etag="x"';
    place(machine, "/seed?etag=%22x%22", seedObject('Content-Type: text/plain\nEtag: "x"', "from the seed"));
    const outcomes = [];
    for (let i = 0; i < 2; i++) outcomes.push(await getPlainly(machine, origin.url + path));
    expect(outcomes).toEqual([
      { status: 200, cache: "revalidated", body: "from the seed" },
      { status: 200, cache: "hit, local", body: "from the seed" },
    ]);
  });

  test("is not used if it may be compressed, or can't be confirmed", async () => {
    const origin = await startOrigin();
    const machine = await startMachine(origin);
    place(machine, "/plain", seedObject("Content-Type: text/plain", "from the seed"));
    place(
      machine,
      "/packed?etag=%22x%22",
      seedObject('Content-Type: text/plain\nEtag: "x"', "\u001f\u008bzip"),
    );
    expect((await get(machine, `${origin.url}/plain`)).body).toBe("body of /plain");
    expect((await get(machine, `${origin.url}/packed?etag="x"`)).body).toBe("body of /packed");
  });
});
