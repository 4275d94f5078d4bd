/** Zips in `$GOMODCACHE`, restored and saved beside the modules' files or instead of them. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { CheckedFinding } from "../../../src/app/doctor/check.ts";
import type { JobStats } from "../../../src/app/summary/job-stats.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { ALL, DATA, downloadFile, LARGE_TEXT, ModuleTeam, modcacheOf } from "./module-team.ts";
import { NativeTeam, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const DATA_MODULE = "example.com/data/v2";

let dir: TempDir;
let modules: ModuleTeam;
let project: string;
let teams = 0;

beforeAll(async () => {
  dir = tempDir("module-zips");
  modules = await ModuleTeam.open(dir.join("modules"), { text: LARGE_TEXT });
  ({ project } = modules);
});
afterAll(async () => {
  await modules[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** Machines with one bucket. */
class Team {
  readonly #team = new NativeTeam(dir.join(`team-${++teams}`));

  /** A machine with an empty module cache; `isOnline`: with an upstream; `isWarm`: with Go's runtime, for builds. */
  async machine({ isOnline = false, isWarm = false } = {}): Promise<GoMachine> {
    const made = isWarm ? await this.#team.warmMachine() : this.#team.newMachine();
    const GOPROXY = isOnline ? modules.upstream.url : "off";
    return modules.withModules(made, { GOPROXY, GOFLAGS: "-mod=mod -modcacherw" });
  }

  /** A machine on which go has fetched all modules and unpacked them. */
  async fetched(): Promise<GoMachine> {
    const machine = await this.machine({ isOnline: true });
    await succeeded(go(machine, ["mod", "download"], { cwd: project }));
    return machine;
  }

  async run(on: GoMachine, ...args: string[]) {
    const [command = "", ...rest] = args;
    return await succeeded(this.#team.program(on, project, [command, "--only=modules", ...rest]));
  }

  /** What `stats` has counted of modules on a machine, and how many of them `doctor` finds there. */
  async counts(on: GoMachine) {
    const json = async (command: string) =>
      JSON.parse((await this.#team.program(on, project, [command, "--json"])).stdout);
    const { figures } = (await json("stats")) as JobStats;
    const { findings } = (await json("doctor")) as { findings: CheckedFinding[] };
    const { present } = findings.find(({ check }) => check === "GOMODCACHE")?.data ?? {};
    return { ofStats: figures.native?.modules, present };
  }
}

/** The modules that are there as zips, or as folders of files. */
const zipsOf = (on: GoMachine) => ALL.filter((tree) => existsSync(downloadFile(on, tree, "zip")));
const treesOf = (on: GoMachine) => ALL.filter((tree) => existsSync(join(modcacheOf(on), tree)));

async function build(on: GoMachine): Promise<void> {
  await succeeded(go(on, ["build", "-trimpath", "-o", "/dev/null"], { cwd: project }));
}

/** What the commands say that look at zips. */
async function useZips(on: GoMachine) {
  await succeeded(go(on, ["mod", "download"], { cwd: project }));
  const { stdout } = await succeeded(go(on, ["mod", "verify"], { cwd: project }));
  return stdout;
}

/** Gives the zips of a machine a time: so many days ago. */
function ageZips(on: GoMachine, days: number): void {
  const seconds = Date.now() / 1000 - days * 24 * 3_600;
  for (const tree of zipsOf(on)) utimesSync(downloadFile(on, tree, "zip"), seconds, seconds);
}

test("with --modules=both, go mod download and go mod verify need no network on a new machine", async () => {
  const team = new Team();
  const saved = await team.run(await team.fetched(), "save", "--modules=both");
  expect(saved.stdout).toMatch(/^modules: 6 entries used, 6 of them new, /);
  const second = await team.machine({ isWarm: true });
  const { stdout, stderr } = await team.run(second, "restore", "--modules=both");
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^modules: 3 entries are in /), ""]);
  const restored = { restored: 3, missing: 0, present: 0, added: 0 };
  expect(await team.counts(second)).toEqual({ ofStats: restored, present: 3 });
  expect([zipsOf(second), treesOf(second)]).toEqual([ALL, ALL]);
  expect(await useZips(second)).toBe("all modules verified\n");
  await build(second);
  // Go had nothing to fetch or to unpack.
  expect(filesBelow(modcacheOf(second)).filter((name) => /[.](?:lock|partial)$/.test(name))).toEqual([]);
  const again = await team.run(second, "save", "--modules=both");
  expect(again.stdout).toMatch(/^modules: 6 entries used, 0 of them new, /);
  expect((await team.counts(second)).ofStats).toEqual({ ...restored, present: 3 });
});

test("with --modules=zips, go unpacks the modules itself on a new machine, without a network", async () => {
  const team = new Team();
  await team.run(await team.fetched(), "save", "--modules=zips");
  const second = await team.machine({ isWarm: true });
  expect((await team.run(second, "restore", "--modules=zips")).stdout).toMatch(/^modules: 3 entries are in /);
  expect([zipsOf(second), treesOf(second)]).toEqual([ALL, []]);
  expect((await succeeded(go(second, ["mod", "verify"], { cwd: project }))).stdout).toBe(
    "all modules verified\n",
  );
  await build(second);
  expect(treesOf(second)).toEqual(ALL);
  expect(await useZips(second)).toBe("all modules verified\n");
});

test("with --modules=trees there is no zip, and only go mod download misses it", async () => {
  const team = new Team();
  const first = await team.fetched();
  await team.run(first, "save", "--modules=both");
  const second = await team.machine();
  await team.run(second, "restore", "--modules=trees");
  expect([zipsOf(second), treesOf(second)]).toEqual([[], ALL]);
  const run = async (...args: string[]) => (await go(second, args, { cwd: project })).exitCode;
  const vendor = await run("mod", "vendor", "-o", join(dir.path, "vendored"));
  const others = [
    vendor,
    await run("mod", "verify"),
    await run("mod", "tidy"),
    await run("list", "-m", "all"),
  ];
  expect([others, await run("mod", "download")]).toEqual([[0, 0, 0, 0], 1]);
});

test("a job that fetches a zip beside the files has it from then on; others get none", async () => {
  const team = new Team();
  await team.run(await team.fetched(), "save");
  const second = await team.machine({ isOnline: true });
  expect((await team.run(second, "restore")).stdout).toMatch(/^modules: 3 entries are in /);
  expect(zipsOf(second)).toEqual([]);
  await succeeded(go(second, ["mod", "download", DATA_MODULE], { cwd: project }));
  expect((await team.run(second, "save")).stdout).toMatch(/^modules: 4 entries used, 1 of them new, /);
  for (let run = 0; run < 2; run++) {
    const next = await team.machine();
    await team.run(next, "exec", "--", "go", "mod", "download", DATA_MODULE);
    expect(zipsOf(next)).toEqual([DATA]);
  }
});

test("a zip that no job has fetched for two weeks is not restored, until one fetches it again", async () => {
  const team = new Team();
  const first = await team.fetched();
  ageZips(first, 15);
  await team.run(first, "save", "--modules=both");
  const second = await team.machine({ isOnline: true });
  await team.run(second, "restore");
  expect(zipsOf(second)).toEqual([]);
  await useZips(second);
  await team.run(second, "save");
  const third = await team.machine();
  await team.run(third, "restore");
  expect(zipsOf(third)).toEqual(ALL);
});

test("what a module cache has already is neither fetched nor uploaded again", async () => {
  const team = new Team();
  const first = await team.fetched();
  await team.run(first, "save", "--modules=both");
  for (const forms of ["auto", "trees", "zips", "both"])
    expect((await team.run(first, "restore", `--modules=${forms}`)).stdout).toBe("");
  expect((await team.run(first, "save", "--modules=both")).stdout).toMatch(/, 0 of them new, /);
});
