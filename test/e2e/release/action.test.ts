/** The steps of the actions in a job like GitHub's, from an empty machine to hits. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { commitAll } from "../../support/git.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, go, goEnv, NEWEST_GO } from "../../support/go-toolchain.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { warmMachine } from "../../support/warm-machine.ts";
import { FakeRunner, JOB_ENV } from "./composite-action.ts";
import { type ReleaseServer, startReleaseServer } from "./release-server.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const INPUTS = { version: "v0.1.0", sha256: "", mtimes: "true", prefetch: "true" };
const BUILD = "go build -x -trimpath -o /dev/null ./...";

let server: ReleaseServer;
let dir: TempDir;

beforeAll(async () => {
  server = await startReleaseServer();
  dir = tempDir("action");
  chainModule(dir.join("origin"), { name: "action", count: 3 });
  commitAll(dir.join("origin"));
  await fillBuckets();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** One for each mode, with the standard library, as if the job had built a part of the module before. */
async function fillBuckets(): Promise<void> {
  const flags = [`--bucket=file://${dir.join("bucket-direct")}`];
  const machine = await warmMachine(dir.join("before"), { trimpath: true, flags, env: JOB_ENV });
  const cwd = chainModule(dir.join("part"), { name: "action", count: 1 });
  const { exitCode, stderr } = await go(machine, ["build", "-trimpath", "-o", "/dev/null", "."], { cwd });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  await settled(machine);
  cpSync(dir.join("bucket-direct"), dir.join("bucket-server"), { recursive: true });
}

/** A new machine with a new checkout, always at the same path. */
async function newRunner(name: string, mode = "direct"): Promise<FakeRunner> {
  const checkout = dir.join("work");
  rmSync(checkout, { recursive: true, force: true });
  cpSync(dir.join("origin"), checkout, { recursive: true });
  return new FakeRunner(dir.join(name), checkout, {
    ...(await goEnv({ release: NEWEST_GO, gocache: dir.join(name, "gocache") })),
    GO_CACHE_PLUGIN_BASE_URL: server.url,
    GOCACHE_S3_BUCKET: `file://${dir.join(`bucket-${mode}`)}`,
  });
}

describe("fails", () => {
  test("if the version is not a release, and says what to do", async () => {
    const runner = await newRunner("branch");
    const [outcome] = await runner.uses("setup", { ...INPUTS, mode: "direct", version: "main" });
    expect(outcome?.exitCode).toBe(1);
    expect(outcome?.stdout).toContain('::error::go-cache-plugin: "main" is no release');
  });

  test("if the sum is different, and adds nothing to the PATH", async () => {
    const runner = await newRunner("wrong");
    const before = runner.env.PATH;
    const outcomes = await runner.uses("setup", { ...INPUTS, mode: "direct", sha256: "0".repeat(64) });
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([1]);
    expect(outcomes[0]?.stderr).toContain("nothing was installed");
    expect(runner.env.PATH).toBe(before ?? "");
  });
});

/** The output of the action `finish` for one go command. */
const SUMMARY =
  /^### go-cache-plugin\n\n\*\*[\d.]+ % hits .*\*\*, in 1 go command\n\n\| lookups (.*\n)+\| errors \| none \|\n$/;

test("direct mode: the second machine compiles nothing, and writes a summary", async () => {
  const compiles: number[] = [];
  for (const name of ["direct-1", "direct-2"]) {
    const runner = await newRunner(name);
    const outcomes = await runner.uses("setup", { ...INPUTS, mode: "direct" });
    expect(outcomes.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      Array.from({ length: 3 }, () => ({ exitCode: 0, stderr: "" })),
    );
    const build = await runner.run(BUILD);
    expect(build.exitCode).toBe(0);
    compiles.push(countCompiles(build));
    await settled({ gocache: dir.join(name, "gocache") });
    expect(await runner.uses("finish", {})).toEqual([{ stdout: "", stderr: "", exitCode: 0 }]);
    expect(runner.summary).toMatch(SUMMARY);
  }
  expect(compiles[0]).toBeGreaterThan(0);
  expect(compiles[1]).toBe(0);
});

test("server mode: the same, with a summary, and the server is stopped", async () => {
  const compiles: number[] = [];
  for (const name of ["server-1", "server-2"]) {
    const runner = await newRunner(name, "server");
    const outcomes = await runner.uses("setup", { ...INPUTS, mode: "server" });
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    const build = await runner.run(BUILD);
    expect(build.exitCode).toBe(0);
    compiles.push(countCompiles(build));
    const [finished] = await runner.uses("finish", {});
    expect(finished).toMatchObject({ stdout: expect.stringContaining("stopped: process "), exitCode: 0 });
    expect(runner.summary).toMatch(SUMMARY);
    expect((await runner.run("go-cache-plugin serve --status")).exitCode).toBe(1);
  }
  expect(compiles[0]).toBeGreaterThan(0);
  expect(compiles[1]).toBe(0);
});

test("finish prints nothing and does not fail if nothing was installed", async () => {
  const runner = await newRunner("nothing");
  expect(await runner.uses("finish", {})).toEqual([{ stdout: "", stderr: "", exitCode: 0 }]);
});

test("a runner with the release downloads nothing", async () => {
  const runner = await newRunner("kept");
  await runner.uses("setup", { ...INPUTS, mode: "direct" });
  server.takeRequests();
  const outcomes = await runner.uses("setup", { ...INPUTS, mode: "direct" });
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  expect(server.takeRequests()).toEqual([]);
});
