/** A job with its own server as HTTP_PROXY: the server and its helpers have that variable as well. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { freePort } from "../../support/free-port.ts";
import { idOf } from "../../support/ids.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { plainEnv } from "../../support/process.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const BODY = Buffer.from("what was built");
const LARGE = 20 << 20;
const GO = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

let dir: TempDir;
let s3: S3Server;

beforeEach(async () => {
  dir = tempDir("own-proxy");
  s3 = await startS3Server();
});
afterEach(async () => {
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** The same server by an address that does not count as this machine's own, so that requests use the proxy. */
function endpoint(): string {
  return `http://0.0.0.0:${new URL(s3.endpoint).port}`;
}

function bucketFlags(bucket = s3.bucket): string[] {
  return [`--bucket=${bucket}`, `--s3-endpoint-url=${endpoint()}`];
}

function serve(port: number, flags: string[], env: Record<string, string> = {}) {
  const names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"];
  const proxies = Object.fromEntries(names.map((name) => [name, `http://localhost:${port}`]));
  return startPluginServer({
    cacheDir: dir.join("server"),
    http: `127.0.0.1:${port}`,
    flags: ["--revproxy=files.example", ...flags],
    env: { ...proxies, ...s3.env, ...env },
    cwd: dir.path,
  });
}

/** A helper without `connect`. */
function helper(machine: string, proxy: string | undefined): Promise<CacheprogClient> {
  const proxies = proxy === undefined ? {} : { http_proxy: proxy, HTTPS_PROXY: proxy };
  return CacheprogClient.start({
    args: ["-v", ...bucketFlags()],
    env: plainEnv({ ...GO, ...s3.env, ...proxies, GOCACHE: dir.join(machine) }),
    cwd: dir.path,
  });
}

async function finds(client: CacheprogClient, action: string): Promise<boolean> {
  const { DiskPath } = await client.get(idOf(action));
  await client.close();
  return DiskPath !== undefined && (await Bun.file(DiskPath).text()) === BODY.toString();
}

/** The server's answer to bytes of a client. */
async function ask(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(text.replaceAll("\n", "\r\n"));
  let heard = "";
  for await (const chunk of socket) heard += chunk;
  return heard;
}

test.each(["localhost", "127.0.0.2", "[::ffff:127.0.0.1]", "0.0.0.0"])(
  "a server that is its own proxy, as %s, reaches its bucket directly",
  async (name) => {
    const port = await freePort();
    const proxy = `http://${name}:${port}`;
    await using server = await serve(port, bucketFlags(), { http_proxy: proxy, HTTP_PROXY: proxy });
    await using client = await CacheprogClient.start({
      args: ["connect", server.plugin],
      env: plainEnv({ ...GO, GOCACHE: dir.join("gocache") }),
      cwd: dir.path,
    });
    await client.put(idOf("action"), BODY);
    await client.close();
    const { exitCode, stderr } = await server.stop();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(await finds(await helper("other", undefined), "action")).toBe(true);
  },
);

test("helpers reach the bucket through a server of the same bucket as their proxy", async () => {
  const port = await freePort();
  await using _server = await serve(port, bucketFlags());
  const client = await helper("one", `http://localhost:${port}`);
  await client.put(idOf("action"), BODY);
  await client.close();
  expect((await client.ended()).exitCode).toBe(0);
  expect(await finds(await helper("two", `http://localhost:${port}`), "action")).toBe(true);
});

test("a proxy's refusal does not count as one of the bucket: the warning names the proxy, and nothing is lost", async () => {
  const port = await freePort();
  await using server = await serve(port, []);
  const client = await helper("one", `http://localhost:${port}`);
  expect(await client.get(idOf("unknown"))).toEqual({ ID: 1, Miss: true });
  await client.put(idOf("action"), BODY);
  // One pack each: this many failures disable the bucket for this route only.
  for (const name of ["a", "b", "c"]) await client.put(idOf(name), Buffer.alloc(LARGE, name));
  await client.close();
  const { exitCode, stderr } = await client.ended();
  expect(exitCode).toBe(0);
  expect(stderr).toContain(`the proxy localhost:${port} refuses the request: 403 http_request_denied`);
  expect(stderr).not.toContain("ListBucket");
  await server.stop();
  // The next helper of that machine, with another route, uploads the pending entries.
  const next = await helper("one", undefined);
  await next.put(idOf("more"), BODY);
  await next.close();
  await next.ended();
  expect(filesBelow(`${s3.dataDir}/${s3.bucket}`).length).toBeGreaterThan(0);
  expect(await finds(await helper("two", undefined), "action")).toBe(true);
});

test("the bucket's host passes the forward proxy, its neighbours do not", async () => {
  const port = await freePort();
  await using _server = await serve(port, bucketFlags());
  const { port: bucketPort } = new URL(s3.endpoint);
  const get = (host: string) => ask(port, `GET http://${host}/ HTTP/1.1\nHost: x\nConnection: close\n\n`);
  expect(await get(`0.0.0.0:${bucketPort}`)).toContain("<Error>");
  for (const host of [`127.0.0.1:${bucketPort}`, "0.0.0.0:80", `0.0.0.0:${port}`, "169.254.169.254"]) {
    expect(await get(host)).toStartWith("HTTP/1.1 403 ");
  }
  const tunnel = await ask(port, `CONNECT 0.0.0.0:${bucketPort} HTTP/1.1\nHost: x\n\n`);
  expect(tunnel).toStartWith("HTTP/1.1 403 ");
});
