/** `--metrics` and `stats` of real builds match the counts of the S3 server, and of go. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import type { JobStats } from "../../../src/app/summary/job-stats.ts";
import { binaryPath, s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { chainModule } from "../../support/go-project.ts";
import { type GoMachine, go, goEnv, helperLines, metricsOf, NEWEST_GO } from "../../support/go-toolchain.ts";
import { idOf, sha256Base64 } from "../../support/ids.ts";
import { dial } from "../../support/link-client.ts";
import { type Machine, newMachine } from "../../support/machine.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { run } from "../../support/process.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { nativeMachine } from "../../support/warm-machine.ts";
import { githubPush, runStep } from "./github-job.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let s3: S3Server;
let dir: TempDir;
let proxy: FaultProxy;

beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(async () => await s3[Symbol.asyncDispose]());
beforeEach(async () => {
  dir = tempDir("stats");
  proxy = await FaultProxy.start({ target: s3.endpoint });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function statsOf(machine: GoMachine, ...flags: string[]): Promise<JobStats> {
  return JSON.parse(await runStep(machine, ["stats", "--json", ...flags], dir.path)) as JobStats;
}

/** The traffic that the proxy counted. */
function traffic() {
  const { requests, byMethod, bytesUp, bytesDown } = proxy.counts;
  return { requests, gets: byMethod.GET ?? 0, puts: byMethod.PUT ?? 0, bytesUp, bytesDown };
}

function trafficOf({ figures, counts }: JobStats) {
  const { requests, receivedBytes, sentBytes } = figures;
  const { s3_requests_list: lists = 0, s3_requests_get: gets = 0, s3_requests_put: puts = 0 } = counts;
  return { requests, gets: gets + lists, puts, bytesUp: sentBytes, bytesDown: receivedBytes };
}

/** Expects that `stats` reports some saved compile time, at most the compile time of `compiled`. */
function expectSavedAtMost(stats: JobStats, compiled: JobStats): void {
  const { compile_saved_ms: savedMs = 0 } = stats.counts;
  expect(savedMs).toBeGreaterThan(0);
  expect(savedMs).toBeLessThanOrEqual(compiled.counts.compile_ms ?? 0);
}

const BUILD = ["build", "-trimpath", "-o", "/dev/null", "./..."];

test("a job's sums match the traffic at the S3 server, and its summary has them", async () => {
  const flags = [...s3Flags(s3, { layout: "packed", prefix: "sums", endpoint: proxy.endpoint }), "--metrics"];
  const project = chainModule(dir.join("project"), { name: "sums", count: 3 });
  const job = (name: string, run: number) =>
    newMachine(dir.join(name), { flags, env: { ...s3.env, ...githubPush("main", run) } });
  const first = job("first", 1);
  const cold = await go(first, BUILD, { cwd: project });
  await settled(first);
  const coldStats = await statsOf(first);
  expect(trafficOf(coldStats)).toEqual(traffic());
  expect(coldStats).toMatchObject({ job: "ci/build", run: "1-1", goCommands: 1 });
  expect(coldStats.figures.misses).toBeGreaterThan(30);
  expect(helperLines(cold)[0]).toMatch(
    /^go-cache-plugin: [\d.]+ % hits \([\d,]+ of [\d,]+\), [\d.]+ \w+ in \d+ requests$/,
  );

  proxy.resetCounts();
  const second = job("second", 2);
  const warm = await go(second, BUILD, { cwd: project });
  await settled(second);
  const stats = await statsOf(second);
  const { lookUps, hits, localHits, remoteHits, misses, fetchedOutputs } = stats.figures;
  expect(trafficOf(stats)).toEqual(traffic());
  expect(lookUps).toBe(hits + misses);
  expect(hits).toBe(localHits + remoteHits);
  expect(misses).toBeLessThanOrEqual(1);
  expect(fetchedOutputs).toBeGreaterThan(30);
  expectSavedAtMost(stats, coldStats);
  expect(helperLines(warm)[0]).toMatch(/^go-cache-plugin: (99|100)\.\d % hits /);
  expect(helperLines(warm)[1]).toStartWith(
    `go-cache-plugin: sources: ${localHits} local disk, ${remoteHits} bucket, `,
  );
});

test("prefetched entries count for the job, and for no go command", async () => {
  const flags = s3Flags(s3, { layout: "packed", prefix: "ahead", endpoint: proxy.endpoint });
  const project = chainModule(dir.join("project"), { name: "ahead", count: 2 });
  const job = (name: string, run: number) =>
    newMachine(dir.join(name), { flags, env: { ...s3.env, ...githubPush("main", run) } });
  const first = job("first", 7);
  await go(first, ["build", "-trimpath", "./p1"], { cwd: project });
  await settled(first);
  proxy.resetCounts();
  const second = job("second", 8);
  await runStep(second, ["prefetch", "--wait", ...flags], project);
  const stats = await statsOf(second);
  expect(stats.goCommands).toBe(0);
  expect(stats.figures.fetchedOutputs).toBeGreaterThan(1);
  expect(trafficOf(stats)).toEqual(traffic());
});

test("restore and save count for the job, each entry once, and --metrics has their traffic", async () => {
  const flags = s3Flags(s3, { layout: "packed", prefix: "native", endpoint: proxy.endpoint });
  const project = chainModule(dir.join("project"), { name: "counted", count: 3 });
  const machine = async (name: string, run: number) => ({
    ...(await nativeMachine(dir.join(name), { trimpath: true })),
    env: { ...s3.env, ...githubPush("main", run) },
  });
  const program = async (on: GoMachine, [command = "", ...rest]: string[]) =>
    await run([binaryPath(), command, ...flags, ...rest], { cwd: project, env: await goEnv(on) });
  const first = await machine("first", 1);
  await go(first, BUILD, { cwd: project });
  await program(first, ["save"]);
  proxy.resetCounts();

  const second = await machine("second", 2);
  const restored = await program(second, ["restore", "--metrics=json"]);
  const once = await program(second, ["exec", "--", "go", ...BUILD]);
  const { native: before } = (await statsOf(second)).figures;
  const more = ["exec", "--metrics", "--", "go", "build", "-trimpath", "-o", dir.join("program"), "."];
  const again = await program(second, more);
  expect([restored, once, again].map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  const stats = await statsOf(second);
  expect(trafficOf(stats)).toEqual(traffic());
  expect(stats).toMatchObject({ goCommands: 0, figures: { lookUps: 0, native: { restores: 3, saves: 2 } } });
  expect(JSON.parse(restored.stderr)).toMatchObject({ restores: 1, prefetch_outputs: expect.any(Number) });
  // Later commands have found what earlier ones had, and a little more.
  const figures = stats.figures.native;
  for (const [sum, one] of [
    [figures?.restored, Number.parseInt(restored.stdout, 10)],
    [figures?.used, before?.used ?? 0],
  ] as const) {
    expect(one).toBeGreaterThan(3);
    expect(sum).toBeGreaterThanOrEqual(one);
    expect(sum).toBeLessThan(2 * one);
  }
  expect(again.stderr).toMatch(/^go-cache-plugin: .*, [\d.]+ \w+ in \d+ requests?$/m);
});

test("many go commands at once add up, and lose nothing", async () => {
  const machine = newMachine(dir.path, { flags: ["--metrics=json"], env: githubPush("main", 3) });
  const project = chainModule(dir.join("project"), { name: "many", count: 12 });
  const commands = Array.from({ length: 12 }, (_, index) => ["build", "-o", "/dev/null", `./p${index}`]);
  const outcomes = await Promise.all(commands.map((args) => go(machine, args, { cwd: project })));
  await settled(machine);
  const sums: Record<string, number> = {};
  for (const outcome of outcomes) {
    for (const [name, value] of Object.entries(metricsOf(outcome))) sums[name] = (sums[name] ?? 0) + value;
  }
  const { peak_memory_bytes: _, ...expected } = sums;
  const { goCommands, counts } = await statsOf(machine);
  expect({ goCommands, counts }).toEqual({ goCommands: 12, counts: expected });
});

test("each run of the job starts from zero, and so does a reset", async () => {
  const machine = newMachine(dir.path, { env: githubPush("main", 4) });
  const project = chainModule(dir.join("project"), { name: "again", count: 1 });
  await go(machine, ["build", "./p0"], { cwd: project });
  await settled(machine);
  expect(await runStep({ ...machine, env: githubPush("main", 5) }, ["stats"], dir.path)).toBe(
    "no go command has used the cache in job ci/build, run 5-1\n",
  );
  expect((await statsOf(machine, "--reset")).goCommands).toBe(1);
  expect(await statsOf(machine)).toMatchObject({ goCommands: 0, counts: {} });
  expect(await runStep(machine, ["stats", "--markdown"], dir.path)).toBe(
    "### go-cache-plugin\n\nNo go command has used the cache.\n",
  );
});

/** Runs two go commands of one job; the second one hits the entries of the first. Returns their stderr. */
async function twoCommands(machine: Machine, project: string): Promise<string> {
  const said: string[] = [];
  for (const args of [
    ["build", "-trimpath", "./p0"],
    ["build", "-trimpath", "./p2"],
  ]) {
    const outcome = await go(machine, args, { cwd: project });
    await settled(machine);
    expect(outcome.exitCode).toBe(0);
    said.push(outcome.stderr);
  }
  return said.join("");
}

const ACCESS_DENIED = {
  kind: "answer",
  status: 403,
  body: "<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>",
  contentType: "application/xml",
} as const;

test.each([
  ["signed", "s3:ListBucket is not granted (403 AccessDenied: Access Denied.)"],
  [
    "unsigned, for there are no credentials",
    "no credentials were found, so requests are not signed (set AWS_ACC",
  ],
])(
  "a bucket that refuses every request, %s: an error in the first line, one line on stderr per job, nothing saved",
  async (how, why) => {
    proxy.fail(() => true, ACCESS_DENIED);
    const credentials = how === "signed" ? s3.env : {};
    const flags = s3Flags(s3, { layout: "packed", prefix: how, endpoint: proxy.endpoint });
    const machine = newMachine(dir.path, { flags, env: { ...credentials, ...githubPush("main", 9) } });
    const said = await twoCommands(machine, chainModule(dir.join("project"), { name: "denied", count: 3 }));
    const name = `remote cache s3://${s3.bucket} at ${proxy.endpoint}`;
    expect(said).toStartWith(`go-cache-plugin: ${name} disabled for now: ${why}`);
    expect(said).toEndWith('(see "go-cache-plugin doctor")\n');
    expect(said.split("\n")).toHaveLength(2);
    const { figures, counts } = await statsOf(machine);
    expect(figures.localHits).toBeGreaterThan(0);
    expect(figures.savedMs).toBeUndefined();
    expect(figures.troubles[0]).toMatch(/^[\d,]+ lookups were refused \(403\)$/);
    expect(counts.get_remote_denied).toBe(figures.misses);
    const reason =
      how === "signed" ? "s3:ListBucket is not granted (403)" : "no credentials were found, and ";
    for (const form of [[], ["--markdown"]]) {
      const text = await runStep(machine, ["stats", ...form], dir.path);
      expect(text.split("\n").find((line) => /^[*\w]/.test(line))).toContain(
        `The bucket was not used: ${reason}`,
      );
      expect(text).not.toContain("saved");
    }
  },
);

test("a bucket that hangs: an error in the first line, and nothing saved", async () => {
  proxy.fail(() => true, { kind: "hang" });
  const flags = [...s3Flags(s3, { layout: "packed", endpoint: proxy.endpoint }), "--remote-timeout=200ms"];
  const machine = newMachine(dir.path, { flags, env: { ...s3.env, ...githubPush("main", 9) } });
  await twoCommands(machine, chainModule(dir.join("project"), { name: "hangs", count: 3 }));
  const { figures } = await statsOf(machine);
  expect([figures.savedMs, figures.bucketUnused]).toEqual([undefined, "it failed or did not answer"]);
  expect(figures.troubles.join()).toMatch(/lookups? failed/);
});

test("the first run, with an empty bucket, saves nothing", async () => {
  const flags = s3Flags(s3, { layout: "packed", prefix: "empty", endpoint: proxy.endpoint });
  const machine = newMachine(dir.path, { flags, env: { ...s3.env, ...githubPush("main", 9) } });
  await twoCommands(machine, chainModule(dir.join("project"), { name: "empty", count: 3 }));
  const { figures, counts } = await statsOf(machine);
  expect(figures.localHits).toBeGreaterThan(0);
  expect([figures.savedMs, counts.compile_saved_ms, figures.bucketUnused]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await runStep(machine, ["stats", "--markdown"], dir.path)).not.toContain("saved");
});

test("a job saves at most the compile time, on the same disk and on a new machine with a server", async () => {
  const { server, machine: served } = await serve("saved");
  const flags = s3Flags(s3, { layout: "packed", prefix: "saved", endpoint: proxy.endpoint });
  const project = chainModule(dir.join("project"), { name: "saved", count: 3 });
  const first = newMachine(dir.join("first"), { flags, env: { ...s3.env, ...githubPush("main", 9) } });
  await twoCommands(first, project);
  const compiled = await statsOf(first);
  const kept = { ...first, env: { ...s3.env, ...githubPush("main", 10) } };
  await twoCommands(kept, project);
  expectSavedAtMost(await statsOf(kept), compiled);
  await twoCommands({ ...served, cacheDir: dir.join("cache") }, project);
  await server.stop();
  expectSavedAtMost(await statsOf(served), compiled);
});

/** A server, and a machine with go commands that use it. */
async function serve(prefix: string) {
  const env = { ...s3.env, ...githubPush("main", 6) };
  const flags = s3Flags(s3, { layout: "packed", prefix, endpoint: proxy.endpoint });
  const cacheDir = dir.join("cache");
  const server = await startPluginServer({ cacheDir, flags, env, cwd: dir.path });
  const cacheprog = `${binaryPath()} connect ${server.plugin}`;
  const gocache = dir.join("gocache");
  return {
    server,
    machine: { release: NEWEST_GO, gocache, cacheprog, env: { ...env, GOCACHE_DIR: cacheDir } },
  };
}

test("through connect and a server each session counts once, and so does each request", async () => {
  const { server, machine } = await serve("connected");
  const project = chainModule(dir.join("project"), { name: "served", count: 4 });
  for (const count of [0, 1]) await go(machine, ["build", "-trimpath", `./p${2 + count}`], { cwd: project });
  await settled(machine);
  await server.stop();
  const stats = await statsOf(machine);
  expect(stats.goCommands).toBe(2);
  expect(stats.figures.lookUps).toBeGreaterThan(10);
  expect(stats.figures.misses).toBeGreaterThan(4);
  expect(stats.counts.put).toBeGreaterThan(4);
  expect(trafficOf(stats)).toEqual(traffic());
});

test("so does a session through a bridge", async () => {
  const { server, machine } = await serve("bridged");
  const body = Buffer.from("what was built");
  for (const name of ["a", "b"]) {
    const socket = await dial(server.plugin);
    const put = {
      ID: 2,
      Command: "put",
      ActionID: idOf(name),
      OutputID: sha256Base64(body),
      BodySize: body.length,
    };
    socket.write(`{"ID":1,"Command":"get","ActionID":"${idOf(name)}"}\n${JSON.stringify(put)}\n`);
    socket.write(`"${body.toString("base64")}"\n{"ID":3,"Command":"get","ActionID":"${idOf(name)}"}\n`);
    socket.write('{"ID":4,"Command":"close"}\n');
    socket.resume();
    await once(socket, "end");
    socket.end();
  }
  await server.stop();
  const stats = await statsOf(machine);
  expect(stats.goCommands).toBe(2);
  expect(stats.counts).toMatchObject({
    get: 4,
    get_local_miss: 2,
    get_remote_miss: 2,
    put: 2,
    put_bytes: 28,
  });
  expect(stats.counts.sessions_bridge).toBe(2);
  expect(trafficOf(stats)).toEqual(traffic());
});
