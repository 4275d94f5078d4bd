/** Starting and finding servers, and refused starts. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { binaryPath } from "../../support/binary.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { eventually } from "../../support/eventually.ts";
import { idOf } from "../../support/ids.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { plainEnv, run, start } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

const AWS_KEYS = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("starting");
});
afterEach(async () => {
  await serve("--stop");
  dir[Symbol.dispose]();
});

function serveBy(program: string, ...args: string[]) {
  const env = plainEnv({ ...ENV, GOCACHE: dir.join("gocache"), ...AWS_KEYS });
  return run([program, "serve", ...args, `--cache-dir=${dir.join("machine")}`], { env });
}

const serve = (...args: string[]) => serveBy(binaryPath(), ...args);

function closing(server: Bun.Server<undefined>) {
  return { server, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** The directory of server files. */
function noteName(): string {
  const names = readdirSync(dir.join("machine/state"));
  return dir.join("machine/state", names.find((name) => /^serve-\w+\.json$/.test(name)) ?? "");
}

test("clients that connect as soon as the server listens get hello", async () => {
  for (let round = 0; round < 10; round++) {
    const path = dir.join(`${round}.sock`);
    const env = plainEnv({ ...ENV, GOCACHE: dir.join("gocache") });
    const args = ["serve", `--plugin=${path}`, `--cache-dir=${dir.join("machine")}`];
    await using _server = start([binaryPath(), ...args], { env });
    // As soon as the server accepts connections.
    for (let client = 0; client < 20; client++) expect(await firstBytes(path)).toStartWith('{"ID":0,');
  }
});

/** The first bytes from a socket. Waits for the socket. */
async function firstBytes(path: string): Promise<string> {
  for (;;) {
    const heard = Promise.withResolvers<string>();
    const socket = connect(path);
    socket.on("error", () => heard.resolve("no listener"));
    socket.on("data", (bytes) => heard.resolve(bytes.toString()));
    socket.on("end", () => heard.resolve("the end"));
    const text = await heard.promise;
    socket.destroy();
    if (text !== "no listener") return text;
  }
}

describe("serve --detach", () => {
  test("works through a link with another name, and each name finds the server", async () => {
    const link = dir.join("ours");
    symlinkSync(binaryPath(), link);
    const plugin = `--plugin=${dir.join("server.sock")}`;
    expect(await serveBy(link, "--detach", plugin)).toMatchObject({ stderr: "", exitCode: 0 });
    for (const program of [link, binaryPath()]) {
      expect((await serveBy(program, "--status")).stdout).toStartWith("running: process ");
    }
    expect((await serve("--stop")).stdout).toStartWith("stopped: process ");
  });

  test("does not take another process with the pid of a server for one", async () => {
    await serve("--detach", `--plugin=${dir.join("server.sock")}`);
    const path = noteName();
    const note = JSON.parse(readFileSync(path, "utf8"));
    expect((await serve("--stop")).exitCode).toBe(0);
    // As after a crash, when another process of this program has got that pid.
    await using other = await startPluginServer({ cacheDir: dir.join("other") });
    for (const command of ["--status", "--stop"]) {
      writeFileSync(path, JSON.stringify({ ...note, pid: other.pid }));
      expect((await serve(command)).stdout).toBe("no server is running\n");
    }
    expect((await other.stop()).exitCode).toBe(0);
  });

  test("succeeds when a server with the same settings runs, and says so", async () => {
    const plugin = `--plugin=${dir.join("server.sock")}`;
    const first = await serve("--detach", plugin);
    expect(await serve("--detach", plugin, "--metrics")).toEqual({
      stdout: `already running: ${first.stdout}`,
      stderr: "",
      exitCode: 0,
    });
    expect(await serve("--detach", plugin, "--max-size=1GiB")).toMatchObject({
      stdout: "",
      stderr: expect.stringContaining("a server with other settings is running there already, process "),
      exitCode: 1,
    });
  });

  test("two at once start one server, and both report it", async () => {
    const plugin = `--plugin=${dir.join("server.sock")}`;
    const outcomes = await Promise.all([serve("--detach", plugin), serve("--detach", plugin)]);
    expect(outcomes.map(({ stderr, exitCode }) => ({ stderr, exitCode }))).toEqual([
      { stderr: "", exitCode: 0 },
      { stderr: "", exitCode: 0 },
    ]);
    const said = outcomes.map(({ stdout }) => stdout).sort();
    expect(said).toEqual([`already running: ${said[1]}`, said[1] ?? ""]);
  });

  test("waits for a server that is stopping, and starts another one", async () => {
    const released = Promise.withResolvers<void>();
    const answer = async () => {
      await released.promise;
      return new Response("", { status: 503 });
    };
    await using bucket = closing(
      Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0, fetch: answer }),
    );
    const plugin = `--plugin=${dir.join("server.sock")}`;
    const endpoint = `--s3-endpoint-url=${bucket.server.url}`;
    const flags = [plugin, "--bucket=bucket", "--region=us-east-1", "--remote-timeout=100s", endpoint];
    await serve("--detach", ...flags);
    const note = noteName();
    const args = ["connect", dir.join("server.sock")];
    await using client = await CacheprogClient.start({ args, env: plainEnv(ENV), cwd: dir.path });
    await client.put(idOf("new"), Buffer.from("the server must upload this"));
    await client.close();
    await client.finish();
    const stopped = serve("--stop", plugin);
    await eventually("the server is stopping", () => {
      return readFileSync(note, "utf8").includes('"isStopping":true');
    });
    const detached = serve("--detach", ...flags);
    released.resolve();
    expect((await detached).stdout).toStartWith("process ");
    expect((await stopped).stdout).toStartWith("stopped: process ");
    expect((await serve("--status")).stdout).toStartWith("running: process ");
  });

  test("gives up on a server that can't be found, and stops it", async () => {
    const plugin = `--plugin=${dir.join("server.sock")}`;
    await serve("--detach", plugin);
    const path = noteName();
    await serve("--stop");
    // The server can't write its file there.
    mkdirSync(`${path}/taken`, { recursive: true });
    const outcome = await serve("--detach", plugin);
    expect(outcome).toMatchObject({ stdout: "", exitCode: 1 });
    expect(outcome.stderr).toMatch(
      /^go-cache-plugin: the server was not ready within 10 s and was stopped: .* can't be written, so --stop and --status do not find this server: .*\n$/,
    );
    // It removes its socket.
    while ((await run(["test", "-e", dir.join("server.sock")])).exitCode === 0) await Bun.sleep(20);
  });
});

describe("serve in the foreground", () => {
  async function startup(...flags: string[]): Promise<string> {
    const env = plainEnv({ ...ENV, GOCACHE: dir.join("gocache") });
    const argv = [binaryPath(), "serve", `--cache-dir=${dir.join("machine")}`, ...flags];
    await using running = start(argv, { env });
    while ((await serve("--status")).exitCode !== 0) await Bun.sleep(20);
    running.signal("SIGTERM");
    const { stdout, stderr, exitCode } = await running.outcome;
    expect([stdout, exitCode]).toEqual(["", 0]);
    return stderr;
  }

  test("prints its addresses, and the variables for go", async () => {
    const said = await startup("--plugin=0", "--http=0", "--modproxy", "--upstream=http://127.0.0.1:9");
    const [first = "", ...rest] = said.trimEnd().split("\n");
    const [, plugin, http] =
      /^go-cache-plugin: listening on (127\.0\.0\.1:\d+) \(go commands\) and (127\.0\.0\.1:\d+) \(HTTP\)$/.exec(
        first,
      ) ?? [];
    expect(rest).toEqual([
      `  export GOCACHEPROG='${binaryPath()} connect ${plugin} --fallback'`,
      `  export GOPROXY="http://${http}/mod|$(go env GOPROXY)"`,
    ]);
  });

  test("prints them as one line of JSON if the log is JSON", async () => {
    const said = await startup("--plugin=0", "--log-format=json");
    expect(JSON.parse(said)).toMatchObject({ message: expect.stringContaining("listening on 127.0.0.1:") });
  });
});
