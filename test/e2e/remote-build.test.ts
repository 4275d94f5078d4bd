/** What one machine built, another with an empty disk does not build again: over S3 and over a directory. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { s3Flags } from "../support/binary.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { filesBelow, wrongOutputs } from "../support/file-tree.ts";
import { chainModule } from "../support/go-project.ts";
import { countCompiles, type GoOutcome, go, helperLines } from "../support/go-toolchain.ts";
import { sha256Hex } from "../support/ids.ts";
import { type Machine, newMachine } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { keysBelow, s3Client } from "../support/s3-objects.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

/** Fewer packages than the smallest program has, the runtime's included. */
const MANY = 15;

type Layout = "packed" | "split" | "both";

/** A place that machines share, and the test's own way to look into it. */
interface Remote extends AsyncDisposable {
  machine(dir: string, flags?: string[]): Machine;
  keys(): Promise<string[]>;
  read(key: string): Promise<Uint8Array>;
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** The same kind of place, with nothing in it. */
  empty(): Remote;
}

for (const layout of ["packed", "split", "both"] as const) {
  describe(`a bucket in S3, ${layout}`, () =>
    describeRemote(layout, async (dir) => s3Remote(await startS3Server(), dir, "team", layout)));
  describe(`a shared directory, ${layout}`, () =>
    describeRemote(layout, async (dir) => directoryRemote(dir.join("shared"), layout)));
}

test("reads through a bucket that it may not write to without asking to write", async () => {
  await using dir = tempDir("read-only");
  await using s3 = await startS3Server();
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  const project = chainModule(dir.join("project"), { name: "readonly", count: 3 });
  const flags = s3Flags(s3, { endpoint: proxy.endpoint });
  const writer = newMachine(dir.join("writer"), { flags, env: s3.env });
  await expectBuilds(writer, project, dir.join("by-writer"));
  proxy.resetCounts();
  const reader = newMachine(dir.join("reader"), { flags: [...flags, "--read-only"], env: s3.env });
  const build = await expectBuilds(reader, project, dir.join("by-reader"));
  expect(countCompiles(build)).toBe(0);
  expect(Object.keys(proxy.counts.byMethod)).toEqual(["GET"]);
});

test("shares the results of tests", async () => {
  await using dir = tempDir("results");
  await using s3 = await startS3Server();
  const project = chainModule(dir.join("project"), { name: "results", count: 4 });
  const results: unknown[] = [];
  for (const name of ["one", "two"]) {
    const machine = newMachine(dir.join(name), { flags: s3Flags(s3), env: s3.env });
    // Vetting would cost more than all the rest.
    const tested = await go(machine, ["test", "-x", "-vet=off", "./..."], { cwd: project });
    const compiles = countCompiles(tested) > 0;
    const cached = tested.stdout.match(/\(cached\)/g)?.length ?? 0;
    results.push({ exitCode: tested.exitCode, compiles, cached });
  }
  expect(results).toEqual([
    { exitCode: 0, compiles: true, cached: 0 },
    { exitCode: 0, compiles: false, cached: 4 },
  ]);
});

function describeRemote(layout: Layout, open: (dir: TempDir) => Promise<Remote>): void {
  let dir: TempDir;
  let remote: Remote;
  let project: string;
  let original: string;

  beforeAll(async () => {
    dir = tempDir("remote");
    remote = await open(dir);
    project = chainModule(dir.join("project"), { name: "shared", count: 4 });
    original = dir.join("original");
    const cold = await expectBuilds(remote.machine(dir.join("one")), project, original);
    expect(countCompiles(cold)).toBeGreaterThan(MANY);
  });
  afterAll(async () => {
    await remote[Symbol.asyncDispose]();
    dir[Symbol.dispose]();
  });

  test("never hands go an altered object: the package is compiled again and the object replaced", async () => {
    const keys = (await remote.keys()).filter((key) => /(output|pack)\/../.test(key));
    const altered: string[] = [];
    for (const key of keys) {
      const bytes = await remote.read(key);
      if (bytes.length < 1000) continue;
      // Close enough together that no frame of a pack is spared.
      for (let at = 20; at < bytes.length; at += 50) bytes[at] = (bytes[at] ?? 0) ^ 1;
      await remote.write(key, bytes);
      altered.push(key);
    }
    if (layout !== "packed") expect(altered.length).toBeGreaterThan(MANY);

    const wary = remote.machine(dir.join("wary"));
    const rebuilt = dir.join("rebuilt");
    const build = await go(wary, buildArgs(rebuilt), { cwd: project });
    expect(build.exitCode).toBe(0);
    expect(countCompiles(build)).toBeGreaterThan(MANY);
    expect(helperLines(build)).toEqual([expect.stringContaining("wrong bytes")]);
    expect(wrongOutputs(wary.cacheDir)).toEqual([]);
    expect(sha256Hex(readFileSync(rebuilt))).toBe(sha256Hex(readFileSync(original)));

    const next = remote.machine(dir.join("next"));
    expect(countCompiles(await expectBuilds(next, project, dir.join("by-next")))).toBe(0);
    if (layout !== "split") return;
    // What nobody has read since is not known to be wrong, and is replaced when somebody does.
    const used = new Set(filesBelow(join(next.cacheDir, "output")).map((name) => name.slice(-64)));
    const replaced = altered.filter((key) => used.has(key.slice(-64)));
    expect(replaced.length).toBeGreaterThan(MANY);
    for (const key of replaced) expect(sha256Hex(await remote.read(key))).toBe(key.slice(-64));
  });

  test("writes nothing to an empty place when read-only, and builds all the same", async () => {
    const place = remote.empty();
    const reader = place.machine(dir.join("reader"), ["--read-only"]);
    expect(countCompiles(await expectBuilds(reader, project, dir.join("by-reader")))).toBeGreaterThan(MANY);
    expect(await place.keys()).toEqual([]);
  });

  test("gives a machine with an empty disk everything: no compile, the same program, only right bytes", async () => {
    const two = remote.machine(dir.join("two"));
    const copy = dir.join("copy");
    expect(countCompiles(await expectBuilds(two, project, copy))).toBe(0);
    expect(sha256Hex(readFileSync(copy))).toBe(sha256Hex(readFileSync(original)));
    expect(await run([copy])).toEqual({ exitCode: 0, stdout: "", stderr: "shared 4\n" });
    expect(filesBelow(join(two.cacheDir, "output")).length).toBeGreaterThan(MANY);
    expect(wrongOutputs(two.cacheDir)).toEqual([]);
  });
}

/** Builds `project` into the file `out`, without a word from the helper. */
async function expectBuilds(machine: Machine, project: string, out: string): Promise<GoOutcome> {
  const build = await go(machine, buildArgs(out), { cwd: project });
  expect({ exitCode: build.exitCode, ours: helperLines(build) }).toEqual({ exitCode: 0, ours: [] });
  return build;
}

function buildArgs(out: string): string[] {
  return ["build", "-x", "-trimpath", "-o", out, "."];
}

function s3Remote(server: S3Server, dir: TempDir, prefix: string, layout: Layout): Remote {
  const client = s3Client(server);
  return {
    machine: (path, flags = []) =>
      newMachine(path, { flags: [...s3Flags(server, { prefix, layout }), ...flags], env: server.env }),
    keys: () => keysBelow(server, `${prefix}/`),
    read: (key) => client.file(key).bytes(),
    write: async (key, bytes) => void (await client.write(key, bytes)),
    empty: () => s3Remote(server, dir, `${prefix}-empty`, layout),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function directoryRemote(path: string, layout: Layout): Remote {
  mkdirSync(path, { recursive: true });
  return {
    machine: (dir, flags = []) =>
      newMachine(dir, { flags: [`--bucket=file://${path}`, `--layout=${layout}`, ...flags] }),
    keys: async () => filesBelow(path),
    read: async (key) => readFileSync(join(path, key)),
    write: async (key, bytes) => writeFileSync(join(path, key), bytes),
    empty: () => directoryRemote(`${path}-empty`, layout),
    async [Symbol.asyncDispose]() {},
  };
}
