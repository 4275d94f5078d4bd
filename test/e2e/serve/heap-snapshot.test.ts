/** `serve --heap`: the only access to a server's heap. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { binaryPath } from "../../support/binary.ts";
import { runAsOtherUser } from "../../support/other-user.ts";
import { type PluginServer, startPluginServer } from "../../support/plugin-server.ts";
import { type Outcome, plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("heap");
});
afterEach(() => dir[Symbol.dispose]());

function serve(): Promise<PluginServer> {
  return startPluginServer({ cacheDir: dir.join("cache"), cwd: dir.path });
}

function heap(file: string, flags: string[] = []): Promise<Outcome> {
  const argv = [binaryPath(), "serve", `--heap=${file}`, `--cache-dir=${dir.join("cache")}`, ...flags];
  return run(argv, { env: plainEnv({ GOCACHE: dir.join("gocache") }), cwd: dir.path });
}

function snapshots(): string[] {
  return readdirSync(dir.join("cache", "state")).filter((name) => name.includes("heapsnapshot"));
}

test("only the owner can read a snapshot, and nothing of it stays in the cache directory", async () => {
  await using server = await serve();
  const file = dir.join("server.heapsnapshot");
  const { exitCode, stdout, stderr } = await heap(file);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toStartWith(`heap of process ${server.pid}, `);
  expect(lstatSync(file).mode & 0o777).toBe(0o600);
  expect(Object.keys(JSON.parse(readFileSync(file, "utf8")))).toContain("snapshot");
  expect(snapshots()).toEqual([]);
  expect(await (await fetch(`${server.http}/healthz`)).text()).toBe("ok\n");
});

test("a file or a link in its place is neither replaced nor followed", async () => {
  await using _server = await serve();
  writeFileSync(dir.join("file"), "mine");
  symlinkSync(dir.join("target"), dir.join("link"));
  for (const name of ["file", "link"]) {
    const { exitCode, stderr } = await heap(dir.join(name));
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("EEXIST")]);
  }
  expect(readFileSync(dir.join("file"), "utf8")).toBe("mine");
  expect(existsSync(dir.join("target"))).toBe(false);
  expect(snapshots()).toEqual([]);
});

test("without a server there is no snapshot and no file", async () => {
  const { exitCode, stderr } = await heap(dir.join("file"));
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "go-cache-plugin: no server is running\n" });
  expect(existsSync(dir.join("file"))).toBe(false);
});

test("with several servers, one must be named", async () => {
  await using one = await serve();
  await using other = await startPluginServer({
    cacheDir: dir.join("cache"),
    plugin: dir.join("other.sock"),
    cwd: dir.path,
  });
  const { exitCode, stderr } = await heap(dir.join("file"));
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("say which, with --plugin or --http")]);
  const named = await heap(dir.join("file"), [`--plugin=${dir.join("other.sock")}`]);
  expect(named.stdout).toStartWith(`heap of process ${other.pid}, `);
  expect(one.pid).not.toBe(other.pid);
});

test("another user gets none, by the command or by the signal", async () => {
  await using server = await serve();
  chmodSync(dir.path, 0o777);
  const command = [binaryPath(), "serve", `--heap=${dir.join("stolen")}`, `--cache-dir=${dir.join("cache")}`];
  expect((await runAsOtherUser(command)).exitCode).not.toBe(0);
  const signalled = await runAsOtherUser(["sh", "-c", `kill -USR2 ${server.pid}`]);
  expect(signalled.exitCode).not.toBe(0);
  const state = await runAsOtherUser(["ls", dir.join("cache", "state")]);
  expect([state.exitCode, state.stdout]).toEqual([2, ""]);
  expect(existsSync(dir.join("stolen"))).toBe(false);
  expect(await (await fetch(`${server.http}/healthz`)).text()).toBe("ok\n");
  expect(snapshots()).toEqual([]);
});
