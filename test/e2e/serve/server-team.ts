/** Machines that share a bucket, each with one server for its go commands. */
import { expect } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, PROJECT_DIR, s3Flags } from "../../support/binary.ts";
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
import type { S3Server } from "../../support/s3-server.ts";
import { settled } from "../../support/settled.ts";
import type { TempDir } from "../../support/temp-dir.ts";
import { warmMachine } from "../../support/warm-machine.ts";

/** The releases that build at once. */
export const RELEASES: GoRelease[] = ["1.24.13", NEWEST_GO];

const MIB = 1 << 20;

/** Long time limits for a busy machine. */
const PATIENT = ["--remote-timeout=5m", "--drain-timeout=5m"];

/** The helper that go starts, for a server. */
export type HelperOf = (server: PluginServer) => string[];

export const linked: HelperOf = ({ plugin }) => [binaryPath(), "connect", plugin];

export interface ServerOptions {
  plugin?: string;
  endpoint?: string;
  flags?: string[];
  /** The releases with their runtime on the machine's disk from the start. */
  warm?: GoRelease[];
}

/** Counters of lookups that a busy machine does without. */
const LEFT_ALONE = ["left_alone_slow", "left_alone_failing", "left_alone_unanswered", "get_remote_error"];

export class ServerTeam {
  readonly #dir: TempDir;
  readonly #s3: S3Server;

  constructor(dir: TempDir, s3: S3Server) {
    this.#dir = dir;
    this.#s3 = s3;
  }

  cacheDir(machine: string): string {
    return this.#dir.join(machine, "cache");
  }

  /** The server of a machine, created if necessary; its bucket is `prefix`. */
  async serve(machine: string, prefix: string, options: ServerOptions = {}): Promise<PluginServer> {
    const { plugin = "0", endpoint, flags = [], warm = [] } = options;
    const cacheDir = this.cacheDir(machine);
    if (mkdirSync(cacheDir, { recursive: true, mode: 0o700 }) !== undefined)
      await this.#warmUp(cacheDir, warm);
    const layout = { layout: "packed", prefix, ...(endpoint === undefined ? {} : { endpoint }) };
    return await startPluginServer({
      cacheDir,
      plugin,
      flags: [...s3Flags(this.#s3, layout), ...flags],
      env: this.#s3.env,
      cwd: this.#dir.path,
    });
  }

  async #warmUp(cacheDir: string, releases: GoRelease[]): Promise<void> {
    for (const release of releases) {
      const warm = await warmMachine(this.#dir.join("warm", release), { release });
      await run(["cp", "-a", join(warm.cacheDir, "action"), join(warm.cacheDir, "output"), cacheDir]);
      rmSync(warm.gocache, { recursive: true });
    }
  }

  goMachine(machine: string, release: GoRelease, helper: string[]): GoMachine {
    return { release, gocache: this.#dir.join(machine, `gocache-${release}`), cacheprog: helper.join(" ") };
  }

  /** Waits for clients that still report used entries to the server, or record them themselves. */
  async helpersEnded(machine: string): Promise<void> {
    for (const release of RELEASES) await settled({ gocache: this.#dir.join(machine, `gocache-${release}`) });
  }

  /** Builds all modules at once, half of them with each release, and runs the programs. */
  buildAll(machine: string, names: string[], helper: string[]) {
    return Promise.all(
      names.map((name, index) => this.#buildAndRun(machine, RELEASES[index % 2] ?? NEWEST_GO, name, helper)),
    );
  }

  async #buildAndRun(machine: string, release: GoRelease, name: string, helper: string[]) {
    const project = this.#dir.join("projects", name);
    chainModule(project, { name, count: 4 });
    const program = join(project, "program");
    // go considers existing programs up to date.
    rmSync(program, { force: true });
    const on = this.goMachine(machine, release, helper);
    const outcome = await go(on, ["build", "-x", "-o", program, "."], { cwd: project });
    const said = outcome.exitCode === 0 ? (await run([program])).stderr : outcome.stderr;
    return { exitCode: outcome.exitCode, said, compiles: countCompiles(outcome) };
  }

  /**
   * Fills a prefix with all modules and their dependencies, from a machine that is removed afterwards. The earlier
   * entries on its disk are stored as well.
   */
  async fill(
    prefix: string,
    names: string[],
    helperOf: HelperOf,
    options: ServerOptions = {},
  ): Promise<void> {
    await using server = await this.serve("filler", prefix, options);
    const helper = helperOf(server);
    // One of each release first, so that the others need not compile the same packages.
    await this.buildAll("filler", names.slice(0, 2), helper);
    await this.buildAll("filler", names, helper);
    await this.helpersEnded("filler");
    expect((await server.stop()).exitCode).toBe(0);
    rmSync(this.#dir.join("filler"), { recursive: true });
  }

  /**
   * Builds all modules at once on a machine with an empty disk, and expects that nothing is compiled, unless the bucket was
   * so slow that compiling was faster.
   */
  async expectShared(
    prefix: string,
    names: string[],
    helperOf: HelperOf,
    options: ServerOptions = {},
  ): Promise<void> {
    await using server = await this.serve("machine", prefix, options);
    const outputs = () => filesBelow(join(this.cacheDir("machine"), "output")).length;
    const before = outputs();
    const built = await this.buildAll("machine", names, helperOf(server));
    expect(built.map(({ exitCode, said }) => ({ exitCode, said }))).toEqual(
      names.map((name) => ({ exitCode: 0, said: `${name} 4\n` })),
    );
    const { counters } = (await (await fetch(`${server.http}/debug/vars`)).json()) as {
      counters: Record<string, number>;
    };
    const isSlow = LEFT_ALONE.some((name) => counters[name] !== undefined);
    if (!isSlow) expect(built.map(({ compiles }) => compiles)).toEqual(names.map(() => 0));
    const peakBytes = server.peakBytes();
    console.log(`peak ${Math.round(peakBytes / MIB)} MiB`);
    expect(peakBytes).toBeLessThanOrEqual(400 * MIB);
    // Each output on the disk was fetched once.
    expect(counters.prefetch_outputs ?? 0).toBeLessThanOrEqual(outputs() - before);
    expect(wrongOutputs(this.cacheDir("machine"))).toEqual([]);
    expect((await server.stop()).exitCode).toBe(0);
    rmSync(this.#dir.join("machine"), { recursive: true });
  }

  /**
   * Ends the server of a machine by `signal` while go commands build through it, once before they have put anything
   * and once in the middle. Expects that no command fails, and that another machine compiles nothing again.
   */
  async expectNothingLost(signal: NodeJS.Signals, warm: GoRelease[] = []): Promise<void> {
    const prefix = `ended-${signal}`;
    const build = ["build", "-o", "/dev/null", "."];
    for (const [round, puts] of [0, 8].entries()) {
      const { server, builds, projects } = await this.#startInTheMiddle(
        prefix,
        warm,
        build,
        `${round}`,
        puts,
      );
      server.signal(signal);
      for (const { outcome } of builds) {
        const { exitCode, stderr } = await outcome;
        // On a busy machine, a server may be silent for long before it ends.
        const said = stderr
          .split("\n")
          .filter((line) => !line.includes(" disabled for this command: it does not answer"));
        expect({ exitCode, said }).toEqual({ exitCode: 0, said: [""] });
      }
      await server.outcome;
      await this.helpersEnded("machine");
      await this.#storeRest(prefix);
      await using other = await this.serve(`other-${round}`, prefix, { flags: PATIENT, warm });
      const elsewhere = this.goMachine(`other-${round}`, NEWEST_GO, linked(other));
      for (const cwd of projects) {
        await this.#prefetch(elsewhere, this.cacheDir(`other-${round}`), prefix, cwd);
        const again = await go(elsewhere, ["build", "-x", ...build.slice(1)], { cwd });
        const { exitCode } = again;
        expect({ cwd, exitCode, said: helperLines(again), compiles: countCompiles(again) }).toEqual({
          cwd,
          exitCode: 0,
          said: [],
          compiles: 0,
        });
      }
    }
  }

  #below(part: string): string[] {
    return filesBelow(join(this.cacheDir("machine"), part));
  }

  /** Starts servers until they have uploaded all pending entries. */
  async #storeRest(prefix: string): Promise<void> {
    do {
      expect((await (await this.serve("machine", prefix, { flags: PATIENT })).stop()).exitCode).toBe(0);
    } while (this.#hasPending());
  }

  /** Whether a journal names entries. A server that is killed when it begins one leaves an empty file. */
  #hasPending(): boolean {
    const journals = this.#below("state").filter((name) => name.includes("/journal/"));
    return journals.some((name) => Bun.file(join(this.cacheDir("machine"), "state", name)).size > 0);
  }

  /** Prefetches, since lookups on a busy machine may bypass the bucket. */
  async #prefetch(machine: GoMachine, cacheDir: string, prefix: string, project: string): Promise<void> {
    const flags = [...s3Flags(this.#s3, { layout: "packed", prefix }), `--cache-dir=${cacheDir}`, ...PATIENT];
    const env = { ...(await goEnv(machine)), ...this.#s3.env };
    const argv = [binaryPath(), "prefetch", "--wait", ...flags];
    const { exitCode, stderr } = await run(argv, { cwd: project, env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  }

  /**
   * Starts a server and three builds through it, and waits until all of them are connected, and have put this many
   * outputs or ended. A build that a busy server did not greet in time goes on without it, and what it puts is for
   * this machine only: another server and other projects take their place then.
   */
  async #startInTheMiddle(
    prefix: string,
    warm: GoRelease[],
    build: string[],
    round: string,
    puts: number,
  ): Promise<{ server: PluginServer; builds: Running[]; projects: string[] }> {
    const server = await this.serve("machine", prefix, { flags: PATIENT, warm });
    for (const note of this.#silenceNotes()) rmSync(note);
    const machine = this.goMachine("machine", NEWEST_GO, linked(server));
    const projects = ["a", "b", "c"].map((name) =>
      chainModule(this.#dir.join("projects", `${name}${round}`), { name: `${name}${round}`, count: 6 }),
    );
    const before = this.#below("output").length;
    const builds = await Promise.all(projects.map((cwd) => startGo(machine, build, { cwd })));
    if (await this.#connected(server, builds.length)) {
      let ended = 0;
      for (const { outcome } of builds) void outcome.then(() => ended++);
      while (this.#below("output").length < before + puts && ended < builds.length) await Bun.sleep(5);
      return { server, builds, projects };
    }
    console.log("a server did not greet in time");
    for (const { outcome } of builds) expect((await outcome).exitCode).toBe(0);
    expect((await server.stop()).exitCode).toBe(0);
    await this.helpersEnded("machine");
    return await this.#startInTheMiddle(prefix, warm, build, `${round}x`, puts);
  }

  /** Waits until so many clients are connected, and returns whether all of them are. */
  async #connected(server: PluginServer, clients: number): Promise<boolean> {
    const count = async (name: string) => {
      const text = await (await fetch(`${server.http}/metrics`)).text();
      return Number(new RegExp(`^\\w*${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
    };
    // go sends no requests to a helper before it has connected.
    while ((await count("sessions_total")) < clients || (await count('sessions{kind="silent"}')) > 0) {
      if (this.#silenceNotes().length > 0) return false;
      await Bun.sleep(5);
    }
    return this.#silenceNotes().length === 0;
  }

  /** What clients note of a server that did not answer. */
  #silenceNotes(): string[] {
    const { gocache } = this.goMachine("machine", NEWEST_GO, []);
    const dir = join(gocache, "go-cache-plugin/state");
    const notes = filesBelow(dir).filter((name) => name.startsWith("silent-"));
    return notes.map((name) => join(dir, name));
  }
}

/** Builds a helper like the `connect` of tailscale/go-cache-plugin: it only passes bytes on. Returns its command. */
export async function buildSeedConnect(dir: TempDir): Promise<HelperOf> {
  const program = dir.join("seed-connect");
  const source = join(PROJECT_DIR, "test/fixtures/seed-connect.go");
  const machine = await warmMachine(dir.join("bridge"));
  const { exitCode, stderr } = await go(machine, ["build", "-o", program, source], { cwd: dir.path });
  if (exitCode !== 0) throw new Error(stderr);
  return ({ plugin }) => [program, plugin];
}
