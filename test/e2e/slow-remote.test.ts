/** A helper and a server bypass a bucket that costs more waiting than it can save, in each layout. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { gocacheprog, s3Flags } from "../support/binary.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { chainModule } from "../support/go-project.ts";
import { go, helperLines, metricsOf } from "../support/go-toolchain.ts";
import { copyMachine, type Machine } from "../support/machine.ts";
import { startPluginServer } from "../support/plugin-server.ts";
import { run } from "../support/process.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { settled } from "../support/settled.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { warmMachine } from "../support/warm-machine.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** Two round trips cost more than a session may lose, and more than compiling the project. */
const LATENCY_MS = 3_000;

let dir: TempDir;
let s3: S3Server;
let project: string;
/** A machine with the standard library but nothing of the project. */
let template: Machine;

beforeAll(async () => {
  dir = tempDir("slow");
  s3 = await startS3Server();
  template = await warmMachine(dir.join("template"), { trimpath: true });
  project = chainModule(dir.join("project"), { name: "slow", count: 4 });
  const flags = s3Flags(s3, { prefix: "slow", layout: "both" });
  const first = await copyMachine(template, dir.join("first"), { flags, env: s3.env });
  await build(first, project, dir.join("first.out"));
  await settled(first);
  // So that there are further lookups, whatever was fetched.
  appendFileSync(`${project}/main.go`, "\nvar _ = 1\n");
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function build(machine: Machine, cwd: string, out: string) {
  return await go(machine, ["build", "-trimpath", "-o", out, "."], { cwd });
}

/** A line to the bucket with too much latency, and flags for it. */
async function farBucket(layout: string) {
  const proxy = await FaultProxy.start({ target: s3.endpoint, latencyMs: LATENCY_MS, connectionTrips: 0 });
  const flags = s3Flags(s3, { prefix: "slow", layout, endpoint: proxy.endpoint });
  return { proxy, flags: [...flags, "--remote-timeout=60s"] };
}

/** Expects that the build succeeds, and that its log says that it bypassed the bucket, and why. */
async function expectBypass(machine: Machine, out: string): Promise<void> {
  const outcome = await build(machine, project, out);
  const said = (await run([out])).stderr;
  expect({ exitCode: outcome.exitCode, said }).toEqual({ exitCode: 0, said: "slow 4\n" });
  console.log(
    helperLines(outcome)
      .filter((line) => line.includes("bypassed: "))
      .join("\n"),
  );
  expect(metricsOf(outcome).left_alone_slow).toBeGreaterThanOrEqual(1);
  expect(helperLines(outcome).join("\n")).toMatch(/bypassed: waited \d+\.\d s, saved at most \d+\.\d s/);
}

describe.each(["packed", "split", "both"])("%s:", (layout) => {
  test.concurrent("a helper bypasses it, and says so", async () => {
    const { proxy, flags } = await farBucket(layout);
    await using _proxy = proxy;
    const name = `helper-${layout}`;
    const machine = await copyMachine(template, dir.join(name), {
      flags: [...flags, "--metrics=json", "-v"],
      env: s3.env,
    });
    await expectBypass(machine, dir.join(`${name}.out`));
    // This test is not about uploads in the background.
    proxy.latencyMs = 0;
    await settled(machine);
  });

  test.concurrent("a server bypasses it for each session, which says so", async () => {
    const { proxy, flags } = await farBucket(layout);
    await using _proxy = proxy;
    const name = `server-${layout}`;
    const machine = await copyMachine(template, dir.join(name), {});
    await using server = await startPluginServer({
      cacheDir: machine.cacheDir,
      flags,
      env: s3.env,
      cwd: project,
    });
    const cacheprog = gocacheprog("connect", server.plugin, "--metrics=json", "-v");
    await expectBypass({ ...machine, cacheprog }, dir.join(`${name}.out`));
    const { counters } = (await (await fetch(`${server.http}/debug/vars`)).json()) as {
      counters: Record<string, number>;
    };
    expect(counters.left_alone_slow).toBeGreaterThanOrEqual(1);
    expect(counters.get_remote_skipped).toBeGreaterThanOrEqual(1);
  });
});
