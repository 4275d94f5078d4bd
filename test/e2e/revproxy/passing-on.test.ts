/** Requests that bypass the cache, counters and debug lines. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { metricsOf } from "../../support/go-toolchain.ts";
import { hasLeft } from "../../support/has-left.ts";
import { sha256Hex } from "../../support/ids.ts";
import { plainEnv, run } from "../../support/process.ts";
import { startProxyMachine } from "../../support/proxy-machine.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { startTlsOrigin } from "../../support/tls-origin.ts";
import { get } from "../../support/via-proxy.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
beforeEach(() => {
  dir = tempDir("passing");
});
afterEach(() => dir[Symbol.dispose]());

test("an upload arrives completely, with its length or in chunks", async () => {
  await using origin = await startTlsOrigin(async (request, response) => {
    const hash = new Bun.CryptoHasher("sha256");
    for await (const chunk of request) hash.update(chunk as Buffer);
    response.end(
      `${request.method} ${request.headers["transfer-encoding"] ?? "length"} ${hash.digest("hex")}`,
    );
  });
  await using machine = await startProxyMachine({
    dir: dir.path,
    hosts: [origin.host],
    env: origin.trustEnv,
  });
  const body = Buffer.alloc(8 << 20, "upload ");
  writeFileSync(dir.join("body"), body);
  const env = plainEnv(machine.clientEnv);
  const upload = (...args: string[]) => run(["curl", "-sS", ...args, `${origin.url}/up`], { env });
  const whole = await upload("-T", dir.join("body"));
  expect(whole).toEqual({ exitCode: 0, stdout: `PUT length ${sha256Hex(body)}`, stderr: "" });
  const chunked = await upload("--data-binary", `@${dir.join("body")}`, "-H", "Transfer-Encoding: chunked");
  expect(chunked).toEqual({ exitCode: 0, stdout: `POST chunked ${sha256Hex(body)}`, stderr: "" });
});

test("redirects, errors and repeated fields reach the client as the origin sent them", async () => {
  await using origin = await startTlsOrigin((_request, response) => {
    response.writeHead(307, "Elsewhere", [
      ["Location", "/other"],
      ["X-Twice", "1"],
      ["X-Twice", "2"],
      ["Content-Length", "4"],
    ] as never);
    response.end("gone");
  });
  await using machine = await startProxyMachine({
    dir: dir.path,
    hosts: [origin.host],
    env: origin.trustEnv,
  });
  const { status, headers, body, cache } = await get(machine, `${origin.url}/a`);
  expect([status, headers.get("location"), headers.get("x-twice"), body, cache]).toEqual([
    307,
    "/other",
    "1, 2",
    "gone",
    "fetch, uncached",
  ]);
});

test("an answer that begins after its client disconnected is dropped at once", async () => {
  const [requested, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ended = Promise.withResolvers<void>();
  await using origin = await startTlsOrigin(
    async (_request, response) => {
      requested.resolve();
      await left.promise;
      response.once("close", () => ended.resolve());
      response.setHeader("Cache-Control", "no-store").write(Buffer.alloc(64 << 20));
    },
    { tls: false },
  );
  await using machine = await startProxyMachine({ dir: dir.path, hosts: [origin.host] });
  const client = connect(machine.port, "127.0.0.1");
  client.write(`GET ${origin.url}/a HTTP/1.1\r\nHost: ${origin.host}\r\n\r\n`);
  await requested.promise;
  const { localPort } = client;
  client.destroy();
  await hasLeft(localPort, machine.port);
  left.resolve();
  await ended.promise;
});

test("counters and debug lines are right", async () => {
  await using origin = await startTlsOrigin((request, response) => {
    response.setHeader("Cache-Control", request.url === "/long" ? "max-age=86400" : "max-age=60");
    response.end("body");
  });
  const flags = ["--debug=4"];
  await using machine = await startProxyMachine({
    dir: dir.path,
    hosts: [origin.host],
    flags,
    env: origin.trustEnv,
  });
  for (const path of ["/long", "/long", "/short", "/short"]) await get(machine, origin.url + path);
  await get(machine, `${origin.url}/long`, { method: "POST", body: "x" });
  const { stderr, exitCode } = await machine.stop();
  expect(exitCode).toBe(0);
  const counted = Object.entries(metricsOf({ stderr })).filter(([name]) => /^rev_(req|rsp)_/.test(name));
  expect(Object.fromEntries(counted)).toEqual({
    rev_req_received: 5,
    rev_req_forward: 3,
    rev_req_local_hit: 1,
    rev_req_local_miss: 2,
    rev_req_memory_hit: 1,
    rev_rsp_save: 1,
    rev_rsp_save_memory: 1,
    rev_rsp_save_bytes: 8,
  });
  const lines = stderr.split("\n").filter((line) => / rp [BE] /.test(line));
  const shapes = lines.map((line) =>
    line
      .replace(/^.* rp /, "")
      .replaceAll(/H:[0-9a-f]{12}/g, "H")
      .replace(origin.url, ""),
  );
  expect(shapes).toEqual([
    'B U:"/long" H C:true',
    "E H fetch RC:yes",
    'B U:"/long" H C:true',
    "E H hit disk B:4",
    'B U:"/short" H C:true',
    "E H fetch RC:mem",
    'B U:"/short" H C:true',
    "E H hit mem B:4",
    'B U:"/long" H C:false',
  ]);
});
