/** Real builds through one server. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { binaryPath, PROJECT_DIR, s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { filesBelow, wrongOutputs } from "../../support/file-tree.ts";
import { chainModule } from "../../support/go-project.ts";
import {
  countCompiles,
  type GoMachine,
  type GoRelease,
  go,
  goEnv,
  helperLines,
  NEWEST_GO,
  startGo,
} from "../../support/go-toolchain.ts";
import { type PluginServer, startPluginServer } from "../../support/plugin-server.ts";
import { type Running, run } from "../../support/process.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(600_000);

const RELEASES: GoRelease[] = ["1.24.13", "1.27.4"];
const MIB = 1 << 20;

let s3: S3Server;
let dir: TempDir;

beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(async () => await s3[Symbol.asyncDispose]());
beforeEach(() => {
  dir = tempDir("builds");
});
afterEach(() => dir[Symbol.dispose]());

/** A server on a machine of its own, whose bucket is `prefix`. */
function serve(
  machine: string,
  prefix: string,
  options: { plugin?: string; endpoint?: string; flags?: string[] } = {},
) {
  const { plugin = "0", endpoint, flags = [] } = options;
  const layout = { layout: "packed", prefix, ...(endpoint === undefined ? {} : { endpoint }) };
  return startPluginServer({
    cacheDir: dir.join(machine, "cache"),
    plugin,
    flags: [...s3Flags(s3, layout), ...flags],
    env: s3.env,
    cwd: dir.path,
  });
}

function machineOf(name: string, release: GoRelease, helper: string[]) {
  return { release, gocache: dir.join(name, `gocache-${release}`), cacheprog: helper.join(" ") };
}

/** Builds and runs a program over packages of its own. */
async function buildAndRun(machine: ReturnType<typeof machineOf>, name: string) {
  const project = resolve(dir.path, "projects", name);
  chainModule(project, { name, count: 4 });
  const program = resolve(project, "program");
  const outcome = await go(machine, ["build", "-x", "-trimpath", "-o", program, "."], { cwd: project });
  const said = outcome.exitCode === 0 ? (await run([program])).stderr : outcome.stderr;
  return { exitCode: outcome.exitCode, said, compiles: countCompiles(outcome) };
}

const NAMES = Array.from({ length: 20 }, (_, index) => `m${index}`);

/** All modules at once, half of them with each release. */
function buildAll(machine: string, helper: string[]) {
  const builds = NAMES.map((name, index) =>
    buildAndRun(machineOf(machine, RELEASES[index % 2] ?? NEWEST_GO, helper), name),
  );
  return Promise.all(builds);
}

const RIGHT = NAMES.map((name) => ({ exitCode: 0, said: `${name} 4\n`, compiles: 0 }));

async function seedConnect(): Promise<string> {
  const program = dir.join("seed-connect");
  cpSync(resolve(PROJECT_DIR, "test/fixtures/seed-connect.go"), dir.join("main.go"));
  const built = await go(
    { release: NEWEST_GO, gocache: dir.join("gocache-bridge") },
    ["build", "-o", program, "main.go"],
    { cwd: dir.path },
  );
  if (built.exitCode !== 0) throw new Error(built.stderr);
  return program;
}

/** Waits for those who still tell the server what was used, or note it themselves. */
async function helpersEnded(machine: string): Promise<void> {
  for (const release of RELEASES) await settled({ gocache: dir.join(machine, `gocache-${release}`) });
}

/** Fills a prefix with all modules, from a machine that is gone afterwards. */
async function fill(prefix: string, helperOf: (server: PluginServer) => string[]): Promise<void> {
  await using server = await serve("filler", prefix);
  // One of each release first: the others then need not compile the same.
  for (const [index, release] of RELEASES.entries()) {
    await buildAndRun(machineOf("filler", release, helperOf(server)), NAMES[index] ?? "");
  }
  await buildAll("filler", helperOf(server));
  await helpersEnded("filler");
  expect((await server.stop()).exitCode).toBe(0);
  rmSync(dir.join("filler"), { recursive: true });
}

const linked = ({ plugin }: PluginServer) => [binaryPath(), "connect", plugin];

test("twenty builds of different modules at once, with two releases, over a port and a socket", async () => {
  await fill("linked", linked);
  for (const plugin of ["0", dir.join("server.sock")]) {
    await using proxy = await FaultProxy.start({ target: s3.endpoint });
    await using server = await serve("machine", "linked", { plugin, endpoint: proxy.endpoint });
    expect(await buildAll("machine", linked(server))).toEqual(RIGHT);
    const { counters } = (await (await fetch(`${server.http}/debug/vars`)).json()) as {
      counters: Record<string, number>;
    };
    const peakBytes = server.peakBytes();
    console.log(`peak ${Math.round(peakBytes / MIB)} MiB, ${JSON.stringify(proxy.counts.byMethod)}`);
    expect(peakBytes).toBeLessThanOrEqual(400 * MIB);
    // Each output that lies on the disk came once.
    const outputs = (await run(["find", dir.join("machine", "cache", "output"), "-type", "f", "-size", "+0"]))
      .stdout;
    expect(counters.prefetch_outputs).toBeLessThanOrEqual(outputs.trim().split("\n").length);
    expect(wrongOutputs(dir.join("machine", "cache"))).toEqual([]);
    expect((await server.stop()).exitCode).toBe(0);
    rmSync(dir.join("machine"), { recursive: true });
  }
});

test("the same through bridges that know nothing of the protocol, from a port's to a socket's", async () => {
  const bridge = await seedConnect();
  const bridged = ({ plugin }: PluginServer) => [bridge, plugin];
  await fill("bridged", bridged);
  await using server = await serve("machine", "bridged", { plugin: dir.join("server.sock") });
  expect(await buildAll("machine", bridged(server))).toEqual(RIGHT);
  console.log(`peak ${Math.round(server.peakBytes() / MIB)} MiB`);
  expect(server.peakBytes()).toBeLessThanOrEqual(400 * MIB);
  expect(wrongOutputs(dir.join("machine", "cache"))).toEqual([]);
  expect((await server.stop()).exitCode).toBe(0);
});

describe("a server that ends in the middle of builds", () => {
  /** What a busy machine does slowly is not given up. */
  const patient = ["--remote-timeout=5m", "--drain-timeout=5m"];

  const below = (part: string) => filesBelow(dir.join("machine", "cache", part));
  const journals = () => below("state").filter((name) => name.includes("/journal/"));

  /** Servers take up what is left, until nothing is. */
  async function storeRest(prefix: string): Promise<void> {
    do {
      expect((await (await serve("machine", prefix, { flags: patient })).stop()).exitCode).toBe(0);
    } while (journals().length > 0);
  }

  /** Fetches ahead of go, which on a busy machine finds that waiting does not pay, and compiles. */
  async function prefetch(machine: GoMachine, cacheDir: string, prefix: string, project: string) {
    const flags = [...s3Flags(s3, { layout: "packed", prefix }), `--cache-dir=${cacheDir}`, ...patient];
    const env = { ...(await goEnv(machine)), ...s3.env };
    const { exitCode, stderr } = await run([binaryPath(), "prefetch", "--wait", ...flags], {
      cwd: project,
      env,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  }

  /** Waits until all of them are connected, and have put so many outputs or ended. */
  async function inTheMiddle(server: PluginServer, builds: Running[], puts: number): Promise<void> {
    const before = below("output").length;
    let ended = 0;
    for (const { outcome } of builds) void outcome.then(() => ended++);
    const count = async (name: string) => {
      const text = await (await fetch(`${server.http}/metrics`)).text();
      return Number(new RegExp(`^\\w*${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
    };
    // go asks a helper that has not connected yet for nothing.
    while ((await count("sessions_total")) < builds.length || (await count('sessions{kind="silent"}')) > 0)
      await Bun.sleep(5);
    while (below("output").length < before + puts && ended < builds.length) await Bun.sleep(5);
  }

  test.each(["SIGKILL", "SIGTERM"] as const)("by %s fails none, and nothing is lost", async (signal) => {
    const prefix = `ended-${signal}`;
    const names = ["a", "b", "c"];
    for (const [round, puts] of [0, 8].entries()) {
      const server = await serve("machine", prefix, { flags: patient });
      const machine = machineOf("machine", NEWEST_GO, linked(server));
      const projects = names.map((name) =>
        chainModule(dir.join("projects", `${name}${round}`), { name: `${name}${round}`, count: 6 }),
      );
      const build = ["build", "-trimpath", "-o", "/dev/null", "."];
      const builds = await Promise.all(projects.map((cwd) => startGo(machine, build, { cwd })));
      await inTheMiddle(server, builds, puts);
      server.signal(signal);
      for (const { outcome } of builds) {
        const { exitCode, stderr } = await outcome;
        // One that ends on a busy machine may be silent for long before.
        const said = stderr.split("\n").filter((line) => !line.includes("going on without the server"));
        expect({ exitCode, said }).toEqual({ exitCode: 0, said: [""] });
      }
      await server.outcome;
      await helpersEnded("machine");
      await storeRest(prefix);
      await using other = await serve(`other-${round}`, prefix, { flags: patient });
      const elsewhere = machineOf(`other-${round}`, NEWEST_GO, linked(other));
      for (const cwd of projects) {
        await prefetch(elsewhere, dir.join(`other-${round}`, "cache"), prefix, cwd);
        const again = await go(elsewhere, ["build", "-x", "-trimpath", "-o", "/dev/null", "."], { cwd });
        const { exitCode } = again;
        expect({ cwd, exitCode, said: helperLines(again), compiles: countCompiles(again) }).toEqual({
          cwd,
          exitCode: 0,
          said: [],
          compiles: 0,
        });
      }
    }
  });
});
