/** Tests for builds that share a bucket, for every kind of bucket and layout. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { s3Flags } from "./binary.ts";
import { filesBelow, wrongOutputs } from "./file-tree.ts";
import { chainModule } from "./go-project.ts";
import { countCompiles, type GoOutcome, go, helperLines } from "./go-toolchain.ts";
import { sha256Hex } from "./ids.ts";
import { type Machine, newMachine } from "./machine.ts";
import { run } from "./process.ts";
import { keysBelow, s3Client } from "./s3-objects.ts";
import type { S3Server } from "./s3-server.ts";
import { settled } from "./settled.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";
import { warmMachine } from "./warm-machine.ts";

export type Layout = "packed" | "split" | "both";

/** A bucket that machines share, with the test's own access to it. */
export interface Remote {
  readonly layout: Layout;
  /** Flags that make a machine use it. */
  readonly settings: { flags: string[]; env?: Record<string, string> };
  keys(): Promise<string[]>;
  read(key: string): Promise<Uint8Array>;
  write(key: string, bytes: Uint8Array): Promise<void>;
}

const PACKAGES = 20;

/** Less than a build compiles: fewer packages than the project has, and than the runtime has. */
const MANY = 15;

/** Writes the project that is built. */
function sharedProject(dir: string): string {
  return chainModule(dir, { name: "shared", count: PACKAGES });
}

/** Builds the project into the file `out`, expects no output from the helper, and waits until all is stored. */
export async function expectBuilds(machine: Machine, project: string, out: string): Promise<GoOutcome> {
  const build = await buildInto(machine, project, out);
  expect({ exitCode: build.exitCode, ours: helperLines(build) }).toEqual({ exitCode: 0, ours: [] });
  return build;
}

/** Builds the project on a machine with an empty disk, which also compiles the runtime. */
export async function fillCold(remote: Remote, dir: TempDir): Promise<void> {
  const machine = newMachine(dir.join("filler"), remote.settings);
  const build = await expectBuilds(machine, sharedProject(dir.join("filler-project")), dir.join("filled"));
  expect(countCompiles(build)).toBeGreaterThan(PACKAGES + MANY);
}

/** `open`: the remote of a name; it is empty, except for `full`, which contains a cold build of the project. */
export function testSharedBuilds(open: (name: string) => Remote | Promise<Remote>): void {
  let dir: TempDir;
  let project: string;

  beforeAll(() => {
    dir = tempDir("shared-builds");
    project = sharedProject(dir.join("project"));
  });
  afterAll(() => dir[Symbol.dispose]());

  const warm = (name: string, { settings }: Remote, flags: string[] = []) =>
    warmMachine(dir.join(name), { ...settings, trimpath: true, flags: [...settings.flags, ...flags] });

  test("a machine with an empty disk gets all entries: it compiles nothing, builds the same program, and has only right bytes", async () => {
    const machine = newMachine(dir.join("empty"), (await open("full")).settings);
    const copy = dir.join("copy");
    expect(countCompiles(await expectBuilds(machine, project, copy))).toBe(0);
    expect(await run([copy])).toEqual({ exitCode: 0, stdout: "", stderr: `shared ${PACKAGES}\n` });
    expect(filesBelow(join(machine.cacheDir, "output")).length).toBeGreaterThan(PACKAGES + MANY);
    expect(wrongOutputs(machine.cacheDir)).toEqual([]);
  });

  test("go never gets an altered object: it compiles the package again, and the object is replaced", async () => {
    const remote = await open("altered");
    const original = dir.join("original");
    const first = await expectBuilds(await warm("one", remote), project, original);
    expect(countCompiles(first)).toBeGreaterThan(MANY);
    const altered: string[] = [];
    for (const key of (await remote.keys()).filter((name) => /(output|pack)\/../.test(name))) {
      const bytes = await remote.read(key);
      if (bytes.length < 1000) continue;
      // Close enough together to alter every frame of a pack.
      for (let at = 20; at < bytes.length; at += 50) bytes[at] = (bytes[at] ?? 0) ^ 1;
      await remote.write(key, bytes);
      altered.push(key);
    }
    if (remote.layout !== "packed") expect(altered.length).toBeGreaterThan(MANY);

    const wary = await warm("wary", remote);
    const rebuilt = dir.join("rebuilt");
    const build = await buildInto(wary, project, rebuilt);
    expect(build.exitCode).toBe(0);
    expect(countCompiles(build)).toBeGreaterThan(MANY);
    expect(helperLines(build)).toEqual([expect.stringContaining("wrong bytes")]);
    expect(wrongOutputs(wary.cacheDir)).toEqual([]);
    expect(sha256Hex(readFileSync(rebuilt))).toBe(sha256Hex(readFileSync(original)));

    const next = await warm("next", remote);
    const copy = dir.join("by-next");
    expect(countCompiles(await expectBuilds(next, project, copy))).toBe(0);
    expect(sha256Hex(readFileSync(copy))).toBe(sha256Hex(readFileSync(original)));
    if (remote.layout !== "split") return;
    // An altered object is only detected, and then replaced, when a build reads it.
    const used = new Set(filesBelow(join(next.cacheDir, "output")).map((name) => name.slice(-64)));
    const replaced = altered.filter((key) => used.has(key.slice(-64)));
    expect(replaced.length).toBeGreaterThan(MANY);
    for (const key of replaced) expect(sha256Hex(await remote.read(key))).toBe(key.slice(-64));
  });

  test("a read-only build writes nothing to an empty bucket, and succeeds", async () => {
    const place = await open("nothing");
    const reader = await warm("reader", place, ["--read-only"]);
    expect(countCompiles(await expectBuilds(reader, project, dir.join("by-reader")))).toBeGreaterThan(MANY);
    expect(await place.keys()).toEqual([]);
  });
}

async function buildInto(machine: Machine, project: string, out: string): Promise<GoOutcome> {
  const build = await go(machine, ["build", "-x", "-trimpath", "-o", out, "."], { cwd: project });
  await settled(machine);
  return build;
}

/** The objects of the server's bucket below `prefix`. */
export function s3Remote(server: S3Server, prefix: string, layout: Layout): Remote {
  const client = s3Client(server);
  return {
    layout,
    settings: { flags: s3Flags(server, { prefix, layout }), env: server.env },
    keys: () => keysBelow(server, `${prefix}/`),
    read: (key) => client.file(key).bytes(),
    write: async (key, bytes) => void (await client.write(key, bytes)),
  };
}

export function directoryRemote(path: string, layout: Layout): Remote {
  mkdirSync(path, { recursive: true });
  return {
    layout,
    settings: { flags: [`--bucket=file://${path}`, `--layout=${layout}`] },
    keys: async () => filesBelow(path),
    read: async (key) => readFileSync(join(path, key)),
    write: async (key, bytes) => writeFileSync(join(path, key), bytes),
  };
}
