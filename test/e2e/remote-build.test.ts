/** A machine with an empty disk does not build what another machine has built, over S3 and over a directory. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { s3Flags } from "../support/binary.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { chainModule } from "../support/go-project.ts";
import { countCompiles, go } from "../support/go-toolchain.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { settled } from "../support/settled.ts";
import {
  directoryRemote,
  expectBuilds,
  fillCold,
  type Layout,
  s3Remote,
  testSharedBuilds,
} from "../support/shared-build-contract.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { warmMachine } from "../support/warm-machine.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** The entries of one cold machine, in both layouts. */
const COLD = "cold";

let dir: TempDir;
let s3: S3Server;

beforeAll(async () => {
  dir = tempDir("remote");
  s3 = await startS3Server();
  await fillCold(s3Remote(s3, COLD, "both"), dir);
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

describe.each<Layout>(["packed", "split"])("a bucket in S3, %s", (layout) =>
  testSharedBuilds((name) => s3Remote(s3, name === "full" ? COLD : `${layout}-${name}`, layout)),
);

describe("a shared directory, both layouts", () =>
  testSharedBuilds((name) => {
    const path = dir.join("shared", name);
    if (name === "full") cpSync(join(s3.dataDir, s3.bucket, COLD), path, { recursive: true });
    return directoryRemote(path, "both");
  }));

test("sends no writes to a bucket that it may only read", async () => {
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  const project = chainModule(dir.join("readonly"), { name: "readonly", count: 3 });
  const flags = s3Flags(s3, { endpoint: proxy.endpoint, prefix: "readonly" });
  const machine = (name: string, more: string[] = []) =>
    warmMachine(dir.join(name), { flags: [...flags, ...more], env: s3.env, trimpath: true });
  const written = await expectBuilds(await machine("writer"), project, dir.join("by-writer"));
  expect(countCompiles(written)).toBeGreaterThan(3);
  proxy.resetCounts();
  const read = await expectBuilds(await machine("reader", ["--read-only"]), project, dir.join("by-reader"));
  expect(countCompiles(read)).toBe(0);
  expect(Object.keys(proxy.counts.byMethod)).toEqual(["GET"]);
});

test("shares the results of tests", async () => {
  const project = chainModule(dir.join("results"), { name: "results", count: 4 });
  const results: unknown[] = [];
  for (const name of ["one", "two"]) {
    const flags = s3Flags(s3, { prefix: "results" });
    const machine = await warmMachine(dir.join(name), { flags, env: s3.env });
    // Vet would take longer than everything else.
    const tested = await go(machine, ["test", "-x", "-vet=off", "./..."], { cwd: project });
    await settled(machine);
    const compiles = countCompiles(tested) > 0;
    const cached = tested.stdout.match(/\(cached\)/g)?.length ?? 0;
    results.push({ exitCode: tested.exitCode, compiles, cached });
  }
  expect(results).toEqual([
    { exitCode: 0, compiles: true, cached: 0 },
    { exitCode: 0, compiles: false, cached: 4 },
  ]);
});
