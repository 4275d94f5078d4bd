/** Two users of one machine, and a socket of the wrong user for `connect`. Runs as root. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, mkdirSync } from "node:fs";
import { binaryPath } from "../../support/binary.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const NOBODY = 65_534;
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
const ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("foreign-socket");
  chmodSync(dir.path, 0o755);
  // As /tmp is.
  mkdirSync(dir.join("shared"));
  chmodSync(dir.join("shared"), 0o1777);
  mkdirSync(dir.join("theirs"));
  chownSync(dir.join("theirs"), NOBODY, NOBODY);
});
afterEach(() => dir[Symbol.dispose]());

function connect(address: string, args: string[] = []): Promise<CacheprogClient> {
  const env = plainEnv({ ...ENV, GOCACHE: dir.join("gocache") });
  return CacheprogClient.start({ args: ["connect", address, ...args], env, cwd: dir.path });
}

/** The other user's server, with an output for an action. */
async function squat(plugin: string) {
  const server = await startPluginServer({
    cacheDir: dir.join("theirs", "cache"),
    plugin,
    wrapper: AS_NOBODY,
    cwd: dir.join("theirs"),
  });
  await using stack = new AsyncDisposableStack();
  stack.use(server);
  await using client = await CacheprogClient.start({
    args: ["connect", plugin],
    env: plainEnv({ ...ENV, GOCACHE: dir.join("theirs", "gocache") }),
    cwd: dir.join("theirs"),
    wrapper: AS_NOBODY,
  });
  await client.put(idOf("action"), Buffer.from("what another user wants linked"));
  await client.close();
  stack.move();
  return server;
}

test.each([[[]], [["--fallback"]], [["--wait=60s"]]])(
  "with %j connect does not use a socket of another user, and says so once",
  async (args) => {
    const plugin = dir.join("shared", "gocache.sock");
    await using _server = await squat(plugin);
    const client = await connect(plugin, args);
    expect(await client.get(idOf("action"))).toEqual({ ID: 1, Miss: true });
    const { DiskPath = "" } = await client.put(idOf("own"), Buffer.from("own"));
    expect(DiskPath).toStartWith(dir.join("gocache"));
    await client.close();
    expect(await client.ended()).toMatchObject({
      exitCode: 0,
      stderr: `go-cache-plugin: the server is not used: ${plugin} belongs to the user ${NOBODY}, and this is 0\n`,
    });
  },
);

test("connect uses no socket in a folder where another user could replace it, and serve says so", async () => {
  mkdirSync(dir.join("open"));
  chmodSync(dir.join("open"), 0o777);
  const plugin = dir.join("open", "gocache.sock");
  await using server = await startPluginServer({ cacheDir: dir.join("cache"), plugin });
  const client = await connect(plugin);
  await client.close();
  const reason = `${dir.join("open")} can be written by other users (chmod o-w)\n`;
  expect((await client.ended()).stderr).toBe(`go-cache-plugin: the server is not used: ${reason}`);
  expect((await server.stop()).stderr).toBe(`go-cache-plugin: connect will not use this server: ${reason}`);
});

test("connect uses this user's own socket in a sticky folder", async () => {
  const plugin = dir.join("shared", "own.sock");
  await using _server = await startPluginServer({ cacheDir: dir.join("cache"), plugin });
  await using client = await connect(plugin);
  const { DiskPath = "" } = await client.put(idOf("own"), Buffer.from("own"));
  expect(DiskPath).toStartWith(dir.join("cache"));
});

test("another user can't connect to this user's socket", async () => {
  const plugin = dir.join("shared", "root.sock");
  await using _server = await startPluginServer({ cacheDir: dir.join("cache"), plugin });
  // A directory where every user may run it.
  copyFileSync(binaryPath(), dir.join("program"));
  const outcome = await run([...AS_NOBODY, dir.join("program"), "connect", plugin], {
    env: plainEnv({ ...ENV, GOCACHE: dir.join("theirs", "gocache") }),
    cwd: dir.join("theirs"),
    stdin: "",
  });
  expect([outcome.exitCode, outcome.stderr]).toEqual([
    1,
    expect.stringContaining(`nothing listens on ${plugin}`),
  ]);
});
