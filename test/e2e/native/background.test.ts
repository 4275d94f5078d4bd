/** `restore --wait=false`: what comes while other steps run. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, s3Flags } from "../../support/binary.ts";
import { eventually } from "../../support/eventually.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { commitAll } from "../../support/git.ts";
import { chainModule } from "../../support/go-project.ts";
import { type GoMachine, goEnv } from "../../support/go-toolchain.ts";
import { run } from "../../support/process.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { CI_ENV, checkGoCache, DEAD, NativeTeam } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const STARTED = /^restoring in the background, log (\S+)\n$/;
const RESTORED = /^\d+ entries are in \S+, [\d.]+ [KM]iB fetched\n$/;

let s3: S3Server;
let dir: TempDir;
let team: NativeTeam;
let project: string;

/** Its bucket has what a build of `project` has used. */
beforeAll(async () => {
  s3 = await startS3Server();
  dir = tempDir("background");
  team = new NativeTeam(dir.join("team"));
  project = chainModule(dir.join("project"), { name: "background", count: 3 });
  const first = await team.warmMachine();
  await team.build(first, project);
  await team.program(first, project, ["save"]);
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** The log of a command that has just returned. */
function logOf({ stdout }: { stdout: string }): string {
  const path = STARTED.exec(stdout)?.[1];
  if (path === undefined) throw new Error(`no log is named: ${stdout}`);
  return path;
}

async function finished(log: string): Promise<string> {
  return await eventually("the end of a restore in the background", () => readFileSync(log, "utf8") || false);
}

test("while the bucket keeps it waiting go builds, and a save notes what go used alone", async () => {
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  const flags = s3Flags(s3, { layout: "packed", prefix: "late", endpoint: proxy.endpoint });
  const on = (machine: GoMachine, args: string[]) =>
    team.program(machine, project, [...args, ...flags], s3.env);
  const first = await team.warmMachine();
  await team.build(first, project);
  expect((await on(first, ["save"])).stderr).toBe("");

  const release = Promise.withResolvers<void>();
  const isPack = ({ method, path }: { method: string; path: string }) =>
    method === "GET" && path.includes("/pack/");
  proxy.fail(isPack, { kind: "delay", until: release.promise });
  const machine = { ...(await team.warmMachine()), env: { ...CI_ENV, DRONE_BUILD_NUMBER: "8" } };
  const started = await on(machine, ["restore", "--wait=false", "--remote-timeout=4m"]);
  expect(started).toEqual({ exitCode: 0, stdout: expect.stringMatching(STARTED), stderr: "" });
  await eventually("a request for a pack", () => proxy.seen.some(isPack));
  expect(await team.build(machine, project)).toBeGreaterThan(0);
  const saved = await on(machine, ["save"]);
  release.resolve();
  expect(await finished(logOf(started))).toMatch(RESTORED);
  expect(saved).toMatchObject({ exitCode: 0, stderr: "" });
  // Go built the same as the first machine did, so the bucket has all of it.
  expect(saved.stdout).toMatch(/^[1-9]\d* entries used, 0 of them new/);
  expect(checkGoCache(machine.gocache).wrong).toEqual([]);
  // What has come since does not count as used.
  const again = (await on(machine, ["save"])).stdout;
  expect(again.split(",")[0]).toBe(saved.stdout.split(",")[0] ?? "");
});

test("what has come in the end is all: go compiles nothing then, and it counts for the job", async () => {
  const machine = team.newMachine();
  const started = await team.program(machine, project, ["restore", "--wait=false", "--metrics"]);
  const log = await eventually("the metrics", () => {
    const text = readFileSync(logOf(started), "utf8");
    return text.includes("go-cache-plugin: restored: ") && text;
  });
  expect(log).toMatch(/^\d+ entries are in /m);
  expect(started.stderr).toBe("");
  expect(await team.build(machine, project)).toBe(0);
  const { stdout } = await team.program(machine, project, ["stats"]);
  expect(stdout).toMatch(/^[1-9]\d* entries restored\nrestored: [1-9]\d* entries, /);
});

test.if(process.platform === "linux")("it outlives the step's processes", async () => {
  const machine = team.newMachine();
  const env = { ...(await goEnv(machine)), PROGRAM: binaryPath(), FLAGS: team.flags.join(" ") };
  // A step's own processes get this signal, the shell included.
  const script = `"$PROGRAM" restore --wait=false $FLAGS; kill -HUP 0`;
  const step = await run(["setsid", "--wait", "sh", "-c", script], { cwd: project, env });
  expect(step.exitCode).not.toBe(0);
  expect(await finished(logOf(step))).toMatch(RESTORED);
  expect(await team.build(machine, project)).toBe(0);
});

test("the checkout has stable file times when the command returns", async () => {
  const checkout = chainModule(dir.join("checkout"), { name: "times", count: 1 });
  commitAll(checkout);
  const mtimeMs = () => statSync(join(checkout, "main.go")).mtimeMs;
  const before = mtimeMs();
  const kept = await team.program(team.newMachine(), checkout, ["restore", "--wait=false", "--mtimes=false"]);
  expect(mtimeMs()).toBe(before);
  const set = await team.program(team.newMachine(), checkout, ["restore", "--wait=false"]);
  expect(mtimeMs()).toBeLessThan(before);
  for (const started of [kept, set]) await finished(logOf(started));
});

test("without a bucket that answers, only the log says so", async () => {
  const started = await team.program(team.newMachine(), project, ["restore", "--wait=false", ...DEAD]);
  expect(started).toEqual({ exitCode: 0, stdout: expect.stringMatching(STARTED), stderr: "" });
  const log = await eventually("the reason", () => {
    const text = readFileSync(logOf(started), "utf8");
    return text.includes("nothing was restored: ") && text;
  });
  expect(log.trim().split("\n").length).toBeLessThanOrEqual(2);
});

test("what can be known at once is said at once", async () => {
  const nothing = (why: string) => ({
    exitCode: 0,
    stdout: "",
    stderr: expect.stringMatching(new RegExp(`^go-cache-plugin: nothing was restored: .*${why}`)),
  });
  const off = await team.program(team.newMachine(), project, ["restore", "--wait=false"], { GOCACHE: "off" });
  expect(off).toEqual(nothing("GOCACHE is off"));
  const file = dir.join("no-cache");
  writeFileSync(file, "");
  const args = ["restore", "--wait=false", `--cache-dir=${dir.join("plugin-cache")}`];
  expect(await team.program({ ...team.newMachine(), gocache: file }, project, args)).toEqual(nothing(file));
});
