/** `connect` and `serve`, byte by byte, when one of them is missing, is killed, or hangs. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { binaryPath } from "../../support/binary.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { eventually } from "../../support/eventually.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { idOf, sha256Base64 } from "../../support/ids.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

let dir: TempDir;
let bucket: string;

beforeEach(() => {
  dir = tempDir("connect");
  bucket = `--bucket=file://${dir.join("bucket")}`;
  mkdirSync(dir.join("bucket"));
});
afterEach(() => dir[Symbol.dispose]());

const BODY = Buffer.from("what was built");
const ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

function connect(address: string, args: string[] = []): Promise<CacheprogClient> {
  const env = plainEnv({ ...ENV, GOCACHE: dir.join("gocache") });
  return CacheprogClient.start({ args: ["connect", address, ...args], env, cwd: dir.path });
}

/** A server on a new machine. */
function serve(machine: string, options: { plugin?: string; flags?: string[] } = {}) {
  const { plugin = "0", flags = [] } = options;
  return startPluginServer({ cacheDir: dir.join(machine), plugin, flags: [bucket, ...flags], cwd: dir.path });
}

/** The number of machines that have looked an entry up. */
let lookers = 0;

/** Whether another machine's server gets the entry from the bucket. */
async function isShared(action: string): Promise<boolean> {
  await using server = await serve(`other-${lookers++}`);
  await using client = await connect(server.plugin);
  const { Miss, DiskPath } = await client.get(idOf(action));
  await client.close();
  return Miss !== true && (await Bun.file(DiskPath ?? "").text()) === BODY.toString();
}

describe("when nothing listens", () => {
  test("connect says so, and what to do", async () => {
    const address = dir.join("none.sock");
    const outcome = await run([binaryPath(), "connect", address], { env: plainEnv(), stdin: "" });
    const start = `go-cache-plugin serve --plugin=${address}`;
    expect(outcome).toEqual({
      stdout: "",
      stderr: `go-cache-plugin: nothing listens on ${address}; start a server ("${start}"), or use --wait or --fallback\n`,
      exitCode: 1,
    });
  });

  test("--wait waits for a server", async () => {
    const address = dir.join("late.sock");
    const client = connect(address, ["--wait=60s"]);
    await using _server = await serve("machine", { plugin: address });
    await using late = await client;
    expect(await late.get(idOf("unknown"))).toEqual({ ID: 1, Miss: true });
  });

  test("--fallback continues without a server", async () => {
    await using client = await connect(dir.join("none.sock"), [
      "--fallback",
      `--cache-dir=${dir.join("own")}`,
    ]);
    const { DiskPath = "" } = await client.put(idOf("a"), BODY);
    expect(DiskPath).toStartWith(dir.join("own"));
    expect(await client.close()).toEqual({ ID: 2 });
  });
});

test("connect refuses a server that is not for go commands", async () => {
  await using stack = new AsyncDisposableStack();
  const server = createServer((socket) => socket.end("220 mail.example.com ready\r\n"));
  stack.defer(() => void server.close());
  await new Promise<void>((resolve) => server.listen(dir.join("mail.sock"), resolve));
  const outcome = await run([binaryPath(), "connect", dir.join("mail.sock")], { env: plainEnv(), stdin: "" });
  const stderr = `go-cache-plugin: the program on ${dir.join("mail.sock")} is not a server for go commands\n`;
  expect(outcome).toEqual({ stdout: "", stderr, exitCode: 1 });
});

test("the puts of a session are in the bucket soon after, and another machine finds them", async () => {
  await using server = await serve("machine");
  await using client = await connect(server.plugin);
  await client.put(idOf("a"), BODY);
  expect(await client.close()).toEqual({ ID: 2 });
  await client.ended();
  expect((await server.stop()).exitCode).toBe(0);
  expect(await isShared("a")).toBe(true);
});

test("the same server fetches an entry again that was removed from the disk", async () => {
  await using server = await serve("machine");
  await using first = await connect(server.plugin);
  const { DiskPath = "" } = await first.put(idOf("a"), BODY);
  await first.close();
  await first.ended();
  // The record of the run is written last.
  await eventually("a head", () => filesBelow(dir.join("bucket")).some((name) => name.includes("/head/")));
  await run(["rm", "-r", dir.join("machine", "action"), dir.join("machine", "output")]);
  expect(existsSync(DiskPath)).toBe(false);
  await using second = await connect(server.plugin);
  // The server may still record the entries that it has just stored.
  await eventually("a hit", async () => (await second.get(idOf("a"))).OutputID === sha256Base64(BODY));
});

test("a session that ends without close loses nothing", async () => {
  await using server = await serve("machine");
  await using client = await connect(server.plugin);
  await client.put(idOf("a"), BODY);
  expect(await client.finish()).toMatchObject({ exitCode: 0, stderr: "" });
  await server.stop();
  expect(await isShared("a")).toBe(true);
});

describe("a server that is killed", () => {
  test("costs misses; the next server uploads the puts from before and after", async () => {
    const server = await serve("machine");
    await using client = await connect(server.plugin);
    await client.put(idOf("before"), BODY);
    expect(await client.get(idOf("unknown"))).toEqual({ ID: 2, Miss: true });
    server.signal("SIGKILL");
    await server.outcome;
    expect((await client.put(idOf("after"), BODY)).Err).toBeUndefined();
    expect(await client.get(idOf("unknown"))).toEqual({ ID: 4, Miss: true });
    expect((await client.get(idOf("before"))).OutputID).toBe(sha256Base64(BODY));
    await client.close();
    expect(await client.ended()).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await (await serve("machine")).stop()).exitCode).toBe(0);
    expect([await isShared("before"), await isShared("after")]).toEqual([true, true]);
  });

  test("before a session uses it: the same", async () => {
    const server = await serve("machine");
    await using client = await connect(server.plugin);
    server.signal("SIGKILL");
    await server.outcome;
    expect(await client.get(idOf("unknown"))).toEqual({ ID: 1, Miss: true });
    await client.put(idOf("a"), BODY);
    await client.close();
    expect(await client.ended()).toMatchObject({ exitCode: 0, stderr: "" });
    await (await serve("machine")).stop();
    expect(await isShared("a")).toBe(true);
  });

  test("leaves a socket that the next one replaces", async () => {
    const plugin = dir.join("server.sock");
    const server = await serve("machine", { plugin });
    server.signal("SIGKILL");
    await server.outcome;
    expect(existsSync(plugin)).toBe(true);
    await using _next = await serve("machine", { plugin });
    await using client = await connect(plugin);
    expect(await client.close()).toEqual({ ID: 1 });
  });
});

/** The warning about a server that hangs. */
function silenceOf(address: string): string {
  const advice = '(see "go-cache-plugin serve --status")';
  return `go-cache-plugin: server on ${address} disabled for this command: it does not answer ${advice}\n`;
}

test("a server that hangs costs a miss and a warning", async () => {
  await using server = await serve("machine");
  await using client = await connect(server.plugin);
  server.signal("SIGSTOP");
  expect(await client.get(idOf("unknown"))).toEqual({ ID: 1, Miss: true });
  expect(await client.get(idOf("other"))).toEqual({ ID: 2, Miss: true });
  await client.close();
  const { stderr, exitCode } = await client.ended();
  expect(stderr).toBe(silenceOf(server.plugin));
  expect(exitCode).toBe(0);
  server.signal("SIGCONT");
});

test("only one session waits for a server that hangs; later ones continue without it at once", async () => {
  await using server = await serve("machine");
  server.signal("SIGSTOP");
  const said: string[] = [];
  for (const action of ["a", "b"]) {
    await using client = await connect(server.plugin);
    expect(await client.get(idOf(action))).toEqual({ ID: 1, Miss: true });
    await client.close();
    said.push((await client.ended()).stderr);
  }
  expect(said).toEqual([silenceOf(server.plugin), ""]);
  server.signal("SIGCONT");
});

test("the next session does not wait for a server that hung in the middle of a session", async () => {
  await using server = await serve("machine");
  await using first = await connect(server.plugin);
  server.signal("SIGSTOP");
  expect(await first.get(idOf("a"))).toEqual({ ID: 1, Miss: true });
  await first.close();
  await first.ended();
  await using second = await connect(server.plugin);
  expect(await second.get(idOf("a"))).toEqual({ ID: 1, Miss: true });
  await second.close();
  expect(await second.ended()).toMatchObject({ exitCode: 0, stderr: "" });
  server.signal("SIGCONT");
});

test("SIGTERM ends a server while sessions continue; their puts are not lost", async () => {
  const server = await serve("machine");
  await using client = await connect(server.plugin);
  await client.put(idOf("before"), BODY);
  expect((await server.stop()).exitCode).toBe(0);
  await client.put(idOf("after"), BODY);
  await client.close();
  expect((await client.ended()).exitCode).toBe(0);
  await (await serve("machine")).stop();
  expect([await isShared("before"), await isShared("after")]).toEqual([true, true]);
});

test("a second signal ends it at once, while a bridge is still there", async () => {
  await using server = await serve("machine");
  const socket = Bun.connect({
    hostname: "127.0.0.1",
    port: Number(server.plugin.split(":")[1]),
    socket: { data: () => {} },
  });
  (await socket).write('{"ID":1,"Command":"get","ActionID":"AAAA"}\n');
  await eventually("a session", async () =>
    (await (await fetch(`${server.http}/metrics`)).text()).includes('sessions{kind="bridge"} 1'),
  );
  server.signal("SIGTERM");
  await eventually("a server that is not ready any more", async () => {
    const answer = await fetch(`${server.http}/readyz`).catch(() => undefined);
    return answer === undefined || answer.status === 503;
  });
  server.signal("SIGTERM");
  expect((await server.outcome).exitCode).toBe(0);
});

describe("--plugin=<path>", () => {
  test("is a socket for this user only, removed when the server ends", async () => {
    const plugin = dir.join("deep", "server.sock");
    const server = await serve("machine", { plugin });
    expect(statSync(plugin).mode & 0o777).toBe(0o600);
    await server.stop();
    expect(existsSync(plugin)).toBe(false);
  });

  test("is refused while a server listens there, and if another file is there", async () => {
    const plugin = dir.join("server.sock");
    await using _server = await serve("machine", { plugin });
    await expect(serve("second", { plugin })).rejects.toThrow(`a server is listening on ${plugin} already`);
    writeFileSync(dir.join("file"), "");
    await expect(serve("third", { plugin: dir.join("file") })).rejects.toThrow("exists and is not a socket");
  });
});

describe("serve --detach", () => {
  const program = (...args: string[]) => {
    const env = plainEnv({ ...ENV, GOCACHE: dir.join("gocache") });
    return run([binaryPath(), ...args, `--cache-dir=${dir.join("machine")}`], { env });
  };

  test("is ready when it returns, is found by --status, and uploads pending entries at --stop", async () => {
    const plugin = dir.join("server.sock");
    expect(await program("serve", "--status")).toMatchObject({
      stdout: "no server is running\n",
      exitCode: 1,
    });
    const started = await program("serve", "--detach", `--plugin=${plugin}`, bucket);
    expect(started).toMatchObject({
      stdout: expect.stringContaining(`--plugin=${plugin}, log `),
      exitCode: 0,
    });
    await using client = await connect(plugin);
    await client.put(idOf("a"), BODY);
    await client.close();
    expect((await program("serve", "--status")).stdout).toStartWith("running: process ");
    const again = await program("serve", "--detach", `--plugin=${plugin}`, bucket);
    expect(again).toMatchObject({ stdout: expect.stringContaining("already running: "), exitCode: 0 });
    expect(await program("serve", "--stop")).toMatchObject({ stderr: "", exitCode: 0 });
    expect(await program("serve", "--stop")).toMatchObject({ stdout: "no server is running\n", exitCode: 0 });
    expect(await isShared("a")).toBe(true);
    expect(readdirSync(dir.join("machine", "state")).filter((name) => name.endsWith(".json"))).not.toContain(
      "serve",
    );
  });

  test("says why it did not start", async () => {
    writeFileSync(dir.join("file"), "");
    const outcome = await program("serve", "--detach", `--plugin=${dir.join("file")}`);
    expect(outcome).toMatchObject({ stderr: expect.stringContaining("is not a socket"), exitCode: 1 });
  });
});
