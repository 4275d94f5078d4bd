/** The action in a job like GitHub's, from an empty machine to hits. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { commitAll } from "../../support/git.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, go, goEnv, NEWEST_GO } from "../../support/go-toolchain.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { warmMachine } from "../../support/warm-machine.ts";
import { countLinks } from "../native/native-team.ts";
import { FakeRunner, JOB_ENV } from "./fake-runner.ts";
import { type ReleaseServer, startReleaseServer } from "./release-server.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const INPUTS = { version: "v0.1.0" };
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
  for (const mode of ["native", "server"])
    cpSync(dir.join("bucket-direct"), dir.join(`bucket-${mode}`), { recursive: true });
}

/** A new machine with a new checkout, always at the same path. */
async function newRunner(name: string, mode = "native"): Promise<FakeRunner> {
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
  test.each([
    ["the version is not a release", { version: "main" }, '"main" is no release'],
    ["the mode is unknown", { mode: "fast" }, '"fast" is no mode; use native, direct, server'],
  ])("if %s, and says what to do", async (_, given, message) => {
    const runner = await newRunner("wrong");
    const { exitCode, stdout } = await runner.uses("setup", { ...INPUTS, ...given });
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining(`::error::go-cache-plugin: ${message}`)]);
    expect(await runner.end()).toEqual([{ stdout: "", stderr: "", exitCode: 0 }]);
  });

  test("if the sum is different, and adds nothing to the PATH", async () => {
    const runner = await newRunner("wrong-sum");
    const before = runner.env.PATH;
    const outcome = await runner.uses("setup", { ...INPUTS, sha256: "0".repeat(64) });
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("nothing was installed") });
    expect(runner.env.PATH).toBe(before ?? "");
    expect(await runner.end()).toEqual([{ stdout: "", stderr: "", exitCode: 0 }]);
    expect(runner.summary).toBe("");
  });
});

/** What the action adds to the summary of a job with one go command. */
const SUMMARY =
  /^### go-cache-plugin\n\n\*\*[\d.]+ % hits .*\*\*, in 1 go command\n\n\| lookups (.*\n)+\| errors \| none \|\n$/;
const NATIVE_SUMMARY =
  /^### go-cache-plugin\n\n\*\*[\d.]+ % of the entries used were stored before \(\d+ of \d+\)\*\*\n(.*\n)+\| errors \| none \|\n$/;

describe("native mode, the default:", () => {
  test("the second machine compiles and links nothing, and writes a summary", async () => {
    const compiles: number[] = [];
    for (const name of ["native-1", "native-2"]) {
      const runner = await newRunner(name);
      runner.env.GITHUB_RUN_ID = name;
      expect(await runner.uses("setup", INPUTS)).toMatchObject({ exitCode: 0, stderr: "" });
      expect(runner.env.GOCACHEPROG).toBeUndefined();
      const build = await runner.run("go run -x -trimpath .");
      expect(build.exitCode).toBe(0);
      compiles.push(countCompiles(build) + countLinks(build));
      expect(await runner.end()).toEqual([
        { stdout: expect.stringMatching(/^\d+ entries used, /), stderr: "", exitCode: 0 },
      ]);
      expect(runner.summary).toMatch(NATIVE_SUMMARY);
    }
    expect(compiles[0]).toBeGreaterThan(1);
    expect(compiles[1]).toBe(0);
  });

  test("what a failed job has built is saved, too", async () => {
    const runner = await newRunner("failed");
    runner.env.GOCACHE_KEY_PREFIX = "failed";
    await runner.uses("setup", INPUTS);
    expect((await runner.run(`${BUILD}; false`)).exitCode).toBe(1);
    await runner.end();
    const next = await newRunner("after");
    next.env.GOCACHE_KEY_PREFIX = "failed";
    await next.uses("setup", INPUTS);
    expect(countCompiles(await next.run(BUILD))).toBe(0);
  });

  test("with wait: false the steps that follow begin at once, and tracked files have stable times by then", async () => {
    const runner = await newRunner("behind");
    const outcome = await runner.uses("setup", { ...INPUTS, wait: "false" });
    expect(outcome.stdout).toContain("restoring in the background, log ");
    expect((await runner.run("stat -c %Y go.mod")).stdout < "1300000000").toBe(true);
    expect((await runner.run(BUILD)).exitCode).toBe(0);
    expect((await runner.end())[0]?.exitCode).toBe(0);
  });

  test("with mtimes: false the times stay", async () => {
    const runner = await newRunner("times");
    const before = await runner.run("stat -c %y go.mod");
    await runner.uses("setup", { ...INPUTS, mtimes: "false" });
    expect(await runner.run("stat -c %y go.mod")).toEqual(before);
  });

  test("without a bucket, as in a fork, the job goes on with a warning", async () => {
    const runner = await newRunner("fork");
    runner.env.GOCACHE_S3_BUCKET = "";
    const outcome = await runner.uses("setup", INPUTS);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
    expect(outcome.stdout).toContain(
      "::warning::go-cache-plugin: nothing is restored or saved: no bucket is set",
    );
    expect(await runner.end()).toEqual([{ stdout: "", stderr: "", exitCode: 0 }]);
  });
});

test("direct mode: the second machine compiles nothing, and writes a summary", async () => {
  const compiles: number[] = [];
  for (const name of ["direct-1", "direct-2"]) {
    const runner = await newRunner(name, "direct");
    const outcome = await runner.uses("setup", { ...INPUTS, mode: "direct" });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
    const build = await runner.run(BUILD);
    expect(build.exitCode).toBe(0);
    compiles.push(countCompiles(build));
    await settled({ gocache: dir.join(name, "gocache") });
    expect(await runner.end()).toEqual([{ stdout: "", stderr: "", exitCode: 0 }]);
    expect(runner.summary).toMatch(SUMMARY);
  }
  expect(compiles[0]).toBeGreaterThan(0);
  expect(compiles[1]).toBe(0);
});

test("server mode: the same, with a summary, and the server is stopped", async () => {
  const compiles: number[] = [];
  for (const name of ["server-1", "server-2"]) {
    const runner = await newRunner(name, "server");
    expect((await runner.uses("setup", { ...INPUTS, mode: "server" })).exitCode).toBe(0);
    const build = await runner.run(BUILD);
    expect(build.exitCode).toBe(0);
    compiles.push(countCompiles(build));
    const [finished] = await runner.end();
    expect(finished).toMatchObject({ stdout: expect.stringContaining("stopped: process "), exitCode: 0 });
    expect(runner.summary).toMatch(SUMMARY);
    expect((await runner.run("go-cache-plugin serve --status")).exitCode).toBe(1);
  }
  expect(compiles[0]).toBeGreaterThan(0);
  expect(compiles[1]).toBe(0);
});

test("a runner with the release downloads nothing", async () => {
  const runner = await newRunner("kept");
  await runner.uses("setup", INPUTS);
  server.takeRequests();
  expect((await runner.uses("setup", INPUTS)).exitCode).toBe(0);
  expect(server.takeRequests()).toEqual([]);
});
