/** Long operations show a progress line on a terminal, and nowhere else. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { binaryPath, gocacheprog } from "../support/binary.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { chainModule, writeModule } from "../support/go-project.ts";
import { go, goEnv, NEWEST_GO } from "../support/go-toolchain.ts";
import { newMachine } from "../support/machine.ts";
import { type ModuleUpstream, startModuleUpstream } from "../support/modules/module-upstream.ts";
import { runOnTerminal } from "../support/on-terminal.ts";
import { plainEnv, run } from "../support/process.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { settled } from "../support/settled.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const CLEAR = "\r\u001b[K";
/** An operation within a second shows no line. */
const SLOW_MS = 1_300;
/** The latency of each request; every command makes at least three, one after the other. */
const LATENCY_MS = 500;

let dir: TempDir;
let server: S3Server;
let proxy: FaultProxy;
let upstream: ModuleUpstream;
let count = 0;

beforeAll(async () => {
  dir = tempDir("progress");
  server = await startS3Server();
  proxy = await FaultProxy.start({ target: server.endpoint, latencyMs: LATENCY_MS });
  upstream = await startModuleUpstream();
  await upstream.addModule({ module: "example.com/a", version: "v1.0.0", files: { "a.go": "package a\n" } });
  upstream.overrides.set("example.com/a/@v/v1.0.0.zip", async (_request, response, body) => {
    await Bun.sleep(SLOW_MS);
    response.end(body);
  });
  await storeRun();
});
afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** The variables for a distant bucket, or a near one. */
function bucketEnv(endpoint = proxy.endpoint): Record<string, string> {
  return {
    ...server.env,
    GOCACHE_S3_BUCKET: server.bucket,
    GOCACHE_S3_ENDPOINT_URL: endpoint,
    GOCACHE_S3_PATH_STYLE: "1",
    GOCACHE_KEY_PREFIX: "team",
    GOCACHE_PROJECT: "example.com/chain",
  };
}

/** Objects to list and to fetch. */
async function storeRun(): Promise<void> {
  const cwd = chainModule(dir.join("chain"), { name: "chain", count: 3 });
  const machine = newMachine(dir.join("first"), { env: bucketEnv(server.endpoint) });
  expect(await go(machine, ["build", "./p2"], { cwd })).toMatchObject({ exitCode: 0 });
  await settled(machine);
}

interface Command {
  args: string[];
  env: Record<string, string>;
}

/** On a machine with an empty disk. */
function command(args: string[], env: Record<string, string> = {}): Command {
  const cacheDir = dir.join(`cache-${++count}`);
  mkdirSync(cacheDir);
  return { args, env: { ...bucketEnv(), GOCACHE_DIR: cacheDir, TERM: "xterm", HOME: cacheDir, ...env } };
}

const withGoSum = () => {
  const path = dir.join("go.sum");
  writeFileSync(path, "example.com/a v1.0.0 h1:x\n");
  const env = { GOCACHE_UPSTREAM: upstream.url, GOCACHE_S3_BUCKET: "", GOENV: "off", GOSUMDB: "off" };
  return command(["mod", "prefetch", path], env);
};

describe.each<[string, () => Command, string]>([
  ["gc", () => command(["gc", "--dry-run"]), "listing "],
  ["inspect", () => command(["inspect"]), "reading records: "],
  ["verify", () => command(["verify"]), "reading "],
  ["prefetch", () => command(["prefetch", "--wait"]), "fetching what the last run used: "],
  ["doctor", () => command(["doctor"], { GOCACHE_REMOTE_TIMEOUT: "10s" }), "looking at "],
  ["mod prefetch", withGoSum, "module files: "],
])("%s", (_, prepare, words) => {
  test.concurrent("shows a line on a terminal, and removes it", async () => {
    const { args, env } = prepare();
    const { terminal } = await runOnTerminal([binaryPath(), ...args], { env: plainEnv({ CI: "", ...env }) });
    expect(terminal).toContain(`${CLEAR}${words}`);
    // Nothing of the line remains after the last update.
    expect(terminal.slice(terminal.lastIndexOf(CLEAR) + CLEAR.length)).not.toContain(words);
  });

  test.concurrent("shows no line in a CI's log, even on a terminal, and none if stderr is not a terminal", async () => {
    const [inCi, piped] = [prepare(), prepare()];
    const [{ terminal }, { stderr }] = await Promise.all([
      runOnTerminal([binaryPath(), ...inCi.args], { env: plainEnv({ ...inCi.env, CI: "true" }) }),
      run([binaryPath(), ...piped.args], { env: plainEnv({ CI: "", ...piped.env }), stdin: "" }),
    ]);
    expect([terminal.includes(CLEAR), terminal.includes(words)]).toEqual([false, false]);
    expect(stderr).not.toContain(words);
  });
});

describe("the uploads that go waits for", () => {
  const cwd = () =>
    writeModule(dir.join("lib"), "example.com/lib", {
      "lib.go": "package lib\n\n// One is one.\nconst One = 1\n",
    });

  /** A go command with uploads left when go is done: in the split layout, go waits for each. */
  async function goCommand(env: Record<string, string>) {
    const machine = newMachine(dir.join(`go-${++count}`), { release: NEWEST_GO });
    const variables = {
      ...bucketEnv(),
      GOCACHE_LAYOUT: "split",
      GOCACHE_KEY_PREFIX: `split-${count}`,
      TERM: "xterm",
    };
    return await goEnv({ ...machine, cacheprog: gocacheprog(), env: { ...variables, ...env } });
  }

  test.concurrent("show a line on go's terminal, and remove it", async () => {
    const env = await goCommand({});
    const { terminal, exitCode } = await runOnTerminal(["go", "build", "./..."], { env, cwd: cwd() });
    expect(exitCode).toBe(0);
    expect(terminal).toContain(`${CLEAR}go-cache-plugin: uploading: `);
    expect(terminal).toEndWith(CLEAR);
  });

  test.concurrent("keep output without a line end", async () => {
    const env = await goCommand({});
    const script = 'printf partial; exec "$@"';
    const argv = ["sh", "-c", script, "sh", "go", "build", "./..."];
    const { terminal } = await runOnTerminal(argv, { env, cwd: cwd() });
    // Blanks for the rest of that line, and the line of progress begins on the next.
    expect(terminal).toStartWith(`partial${" ".repeat(80)}${CLEAR}go-cache-plugin: uploading: `);
  });

  test.concurrent("show no line if go's stderr is not a terminal, or in CI", async () => {
    const [plain, inCi] = [await goCommand({}), await goCommand({ CI: "true" })];
    const [{ stderr }, { terminal }] = await Promise.all([
      run(["go", "build", "./..."], { env: plain, cwd: cwd() }),
      runOnTerminal(["go", "build", "./..."], { env: inCi, cwd: cwd() }),
    ]);
    expect([stderr, terminal]).toEqual(["", ""]);
  });
});

test("stopping a server shows a line while it waits", async () => {
  const cacheDir = dir.join("served");
  const env = plainEnv({ ...bucketEnv(server.endpoint), GOCACHE_DIR: cacheDir, TERM: "xterm", CI: "" });
  expect(await run([binaryPath(), "serve", "--detach", "--plugin=0"], { env })).toMatchObject({
    exitCode: 0,
  });
  const status = await run([binaryPath(), "serve", "--status"], { env });
  const pid = Number(/process (\d+)/.exec(status.stdout)?.[1]);
  // A slow server.
  process.kill(pid, "SIGSTOP");
  const words = `${CLEAR}waiting until the server has uploaded everything, `;
  const waiting = Promise.withResolvers<void>();
  const onText = (text: string) => text.includes(words) && waiting.resolve();
  const stopping = runOnTerminal([binaryPath(), "serve", "--stop"], { env, onText });
  await Promise.race([waiting.promise, stopping]);
  process.kill(pid, "SIGCONT");
  const { terminal } = await stopping;
  expect(terminal).toMatch(new RegExp(`${RegExp.escape(words)}\\d+ s`));
  expect(terminal.slice(terminal.lastIndexOf(CLEAR))).toStartWith(`${CLEAR}stopped: process ${pid}`);
});
