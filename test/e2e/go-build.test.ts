/** Real go commands of every supported release, with the compiled executable as their cache. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { wrongOutputs } from "../support/file-tree.ts";
import {
  cgoModule,
  embedModule,
  helloModule,
  interruptModule,
  mistakenModule,
  nestedModule,
} from "../support/go-project.ts";
import {
  countCompiles,
  GO_RELEASES,
  type GoRelease,
  go,
  metricsOf,
  NEWEST_GO,
  startGo,
} from "../support/go-toolchain.ts";
import { type Machine, newMachine } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

const OK = { exitCode: 0, stdout: "", stderr: "" };

for (const release of GO_RELEASES) describe(`go ${release}`, () => describeRelease(release));

function describeRelease(release: GoRelease): void {
  let dir: TempDir;
  let machine: Machine;
  let hello: string;

  // One cache for all tests of a release: what is compiled cold here, warm ones build on.
  beforeAll(async () => {
    dir = tempDir(`go${release}`);
    machine = newMachine(dir.path, { release });
    hello = helloModule(dir.join("hello"));
    const cold = await go(machine, ["build", "-x", "-o", dir.join("cold"), "."], { cwd: hello });
    expect(cold.exitCode).toBe(0);
    expect(countCompiles(cold)).toBeGreaterThan(30);
  });
  afterAll(() => dir[Symbol.dispose]());

  const goOutcome = async (args: string[], cwd: string) => {
    const { elapsedMs: _, ...outcome } = await go(machine, args, { cwd });
    return outcome;
  };

  test("compiles nothing twice: the second build misses at most once and puts at most one record", async () => {
    const counted = { ...machine, env: { GOCACHE_METRICS: "json" } };
    const warm = await go(counted, ["build", "-x", "-o", dir.join("warm"), "."], { cwd: hello });
    expect({ exitCode: warm.exitCode, compiles: countCompiles(warm) }).toEqual({ exitCode: 0, compiles: 0 });
    const { get_local_miss: misses = 0, put: puts = 0, get_local_hit: hits = 0 } = metricsOf(warm);
    expect(misses).toBeLessThanOrEqual(1);
    expect(puts).toBeLessThanOrEqual(1);
    expect(hits).toBeGreaterThan(50);
    expect(readFileSync(dir.join("warm")).equals(readFileSync(dir.join("cold")))).toBe(true);
    expect(await run([dir.join("warm")])).toEqual({ ...OK, stdout: "hello world\n" });
  });

  test("remembers test results until go clean -testcache, and again after it", async () => {
    const ran = expect.stringMatching(/^ok {2}\texample\.com\/hello\/lib\t\d+\.\d+s\n$/);
    const cached = "ok  \texample.com/hello/lib\t(cached)\n";
    const testLib = () => goOutcome(["test", "./lib"], hello);
    expect(await testLib()).toEqual({ ...OK, stdout: ran });
    expect(await testLib()).toEqual({ ...OK, stdout: cached });
    expect(await goOutcome(["clean", "-testcache"], hello)).toEqual(OK);
    expect(await testLib()).toEqual({ ...OK, stdout: ran });
    expect(await testLib()).toEqual({ ...OK, stdout: cached });
  });

  test("replays what vet found", async () => {
    const mistaken = mistakenModule(dir.join("mistaken"));
    expect(await goOutcome(["vet", "./..."], hello)).toEqual(OK);
    const found = await goOutcome(["vet", "./..."], mistaken);
    expect(found).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("self-assignment of text"),
    });
    expect(await goOutcome(["vet", "./..."], mistaken)).toEqual(found);
  });

  test("keeps the files that go list -export names for those who open them later", async () => {
    const listed = await goOutcome(["list", "-export", "-deps", "-f", "{{.Export}}", "./..."], hello);
    const paths = listed.stdout.split("\n").filter((line) => line !== "");
    expect({ exitCode: listed.exitCode, stderr: listed.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => !existsSync(path) || statSync(path).size === 0)).toEqual([]);
  });

  test("stays whole when an archive is built into a file", async () => {
    const archive = dir.join("lib.a");
    expect(await goOutcome(["build", "-o", archive, "./lib"], hello)).toEqual(OK);
    const first = readFileSync(archive);
    // go leaves an archive alone that is up to date.
    rmSync(archive);
    expect(await goOutcome(["build", "-o", archive, "./lib"], hello)).toEqual(OK);
    expect(readFileSync(archive).equals(first)).toBe(true);
    const after = await go(machine, ["build", "-x", "-o", dir.join("after"), "."], { cwd: hello });
    expect({ exitCode: after.exitCode, compiles: countCompiles(after) }).toEqual({
      exitCode: 0,
      compiles: 0,
    });
    expect(wrongOutputs(machine.cacheDir)).toEqual([]);
  });

  test("leaves Ctrl-C in go run to the program", async () => {
    const project = interruptModule(dir.join("interrupt"));
    await using running = await startGo(machine, ["run", "."], { cwd: project });
    await running.stdoutHas("ready");
    running.signal("SIGINT");
    const { exitCode, ...said } = await running.outcome;
    expect(said).toEqual({ stdout: "ready\nhandled\n", stderr: "" });
    // Which of the two go makes of its own interrupt is left to chance, with and without a helper.
    expect([0, 1]).toContain(exitCode);
  });

  test("serves go commands inside a test that go runs", async () => {
    const nested = nestedModule(dir.join("nested"));
    expect(await goOutcome(["test", "."], nested)).toMatchObject({ exitCode: 0, stderr: "" });
  });
}

describe(`go ${NEWEST_GO} with unusual packages`, () => {
  let dir: TempDir;
  let machine: Machine;
  beforeAll(() => {
    dir = tempDir("unusual");
    machine = newMachine(dir.path, { env: { CGO_ENABLED: "1" } });
  });
  afterAll(() => dir[Symbol.dispose]());

  test("builds a program with C in it, and nothing of it twice", async () => {
    const project = cgoModule(dir.join("cgo"));
    const build = () => go(machine, ["build", "-x", "-o", dir.join("cgo-out"), "."], { cwd: project });
    expect((await build()).exitCode).toBe(0);
    expect(await run([dir.join("cgo-out")])).toEqual({ ...OK, stderr: "42\n" });
    const warm = await build();
    expect({ exitCode: warm.exitCode, compiles: countCompiles(warm) }).toEqual({ exitCode: 0, compiles: 0 });
    expect(warm.stderr).not.toContain("gcc -I");
  });

  test("builds a program with a large file embedded", async () => {
    const project = embedModule(dir.join("embed"), 60_000_000);
    expect((await go(machine, ["build", "-o", dir.join("embed-out"), "."], { cwd: project })).exitCode).toBe(
      0,
    );
    expect(await run([dir.join("embed-out")])).toEqual({ ...OK, stderr: "60000000\n" });
  });
});
