/** Tests that every go release passes with the compiled executable as its cache. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { wrongOutputs } from "./file-tree.ts";
import { helloModule, interruptModule, mistakenModule, nestedModule } from "./go-project.ts";
import { countCompiles, type GoRelease, go, metricsOf, startGo } from "./go-toolchain.ts";
import type { Machine } from "./machine.ts";
import { run } from "./process.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";
import { warmMachine } from "./warm-machine.ts";

const OK = { exitCode: 0, stdout: "", stderr: "" };

/** A machine of one release, which has compiled the standard library through the executable. */
interface Stage {
  dir: TempDir;
  machine: Machine;
  hello: string;
  goOutcome(args: string[], cwd: string): Promise<typeof OK>;
}

/** The stage that all following tests share. */
function openStage(release: GoRelease): () => Stage {
  let stage: Stage;
  beforeAll(async () => {
    const dir = tempDir(`go${release}`);
    const machine = await warmMachine(dir.path, { release });
    const goOutcome = async (args: string[], cwd: string) => {
      const { elapsedMs: _, ...outcome } = await go(machine, args, { cwd });
      return outcome;
    };
    stage = { dir, machine, hello: helloModule(dir.join("hello")), goOutcome };
  });
  afterAll(() => stage.dir[Symbol.dispose]());
  return () => stage;
}

/** Each release finds the entries that it and others put. */
export function testReleaseCaches(release: GoRelease): void {
  const stage = openStage(release);

  test("compiles nothing twice: the second build misses at most once and puts at most one record", async () => {
    const { dir, machine, hello } = stage();
    // This release has compiled the standard library through the executable before, so it compiles nothing of it.
    const cold = await go(machine, ["build", "-x", "-o", dir.join("cold"), "."], { cwd: hello });
    expect({ exitCode: cold.exitCode, compiles: countCompiles(cold) }).toEqual({ exitCode: 0, compiles: 2 });
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
    const { hello, goOutcome } = stage();
    const ran = expect.stringMatching(/^ok {2}\texample\.com\/hello\/lib\t\d+\.\d+s\n$/);
    const cached = "ok  \texample.com/hello/lib\t(cached)\n";
    const testLib = () => goOutcome(["test", "./lib"], hello);
    expect(await testLib()).toEqual({ ...OK, stdout: ran });
    expect(await testLib()).toEqual({ ...OK, stdout: cached });
    expect(await goOutcome(["clean", "-testcache"], hello)).toEqual(OK);
    expect(await testLib()).toEqual({ ...OK, stdout: ran });
    expect(await testLib()).toEqual({ ...OK, stdout: cached });
  });

  test("keeps the files that go list -export names, so that they can be opened later", async () => {
    const { hello, goOutcome } = stage();
    const listed = await goOutcome(["list", "-export", "-deps", "-f", "{{.Export}}", "./..."], hello);
    const paths = listed.stdout.split("\n").filter((line) => line !== "");
    expect({ exitCode: listed.exitCode, stderr: listed.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => !existsSync(path) || statSync(path).size === 0)).toEqual([]);
  });
}

/** Effects of go's commands beside lookups and puts. */
export function testReleaseCommands(release: GoRelease): void {
  const stage = openStage(release);

  test("replays the findings of vet", async () => {
    const { dir, hello, goOutcome } = stage();
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

  test("keeps an archive that is also built into a file", async () => {
    const { dir, machine, hello, goOutcome } = stage();
    const archive = dir.join("lib.a");
    expect(await goOutcome(["build", "-o", dir.join("before"), "."], hello)).toEqual(OK);
    expect(await goOutcome(["build", "-o", archive, "./lib"], hello)).toEqual(OK);
    const first = readFileSync(archive);
    // go does not rewrite an archive that is up to date.
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
    const { dir, machine } = stage();
    const project = interruptModule(dir.join("interrupt"));
    await using running = await startGo(machine, ["run", "."], { cwd: project });
    await running.stdoutHas("ready");
    running.signal("SIGINT");
    const { exitCode, ...said } = await running.outcome;
    expect(said).toEqual({ stdout: "ready\nhandled\n", stderr: "" });
    // go's own handling of the interrupt varies between the two, with and without a helper.
    expect([0, 1]).toContain(exitCode);
  });

  test("serves go commands inside a test that go runs", async () => {
    const { dir, goOutcome } = stage();
    const nested = nestedModule(dir.join("nested"));
    expect(await goOutcome(["test", "."], nested)).toMatchObject({ exitCode: 0, stderr: "" });
  });
}
