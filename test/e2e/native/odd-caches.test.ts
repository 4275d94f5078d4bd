/** Go's own cache on odd disks, in other hands, and changed by others at the same time: never a wrong file in it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { chainModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { type Outcome, plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import {
  CI_ENV,
  checkGoCache,
  countLinks,
  inOneLine,
  NativeTeam,
  QUIET,
  SOUND,
  succeeded,
} from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const MIB = 1 << 20;
const ROOMY = 1 << 30;
const NOBODY = 65_534;

let dir: TempDir;
let team: NativeTeam;
let project: string;
/** Has built the project, and has its program in the cache. No test changes it. */
let built: GoMachine;
/** How many entries the job has used, and few others. */
let all: number;
/** The name of one that they need. */
let folder: string;

beforeAll(async () => {
  dir = tempDir("odd-caches");
  chmodSync(dir.path, 0o755);
  team = new NativeTeam(dir.join("team"));
  project = chainModule(dir.join("project"), { name: "odd", count: 3 });
  const first = await team.idleMachine();
  await use(first);
  const earlier = new NativeTeam(dir.join("earlier"));
  await earlier.program(first, project, ["save"]);
  built = earlier.newMachine();
  await earlier.program(built, project, ["restore"]);
  await use(built);
  expect((await team.program(built, project, ["save"])).stderr).toBe("");
  const sound = team.newMachine();
  all = (await restored(sound)).entries;
  folder = fullestFolder(sound.gocache);
});
afterAll(() => dir[Symbol.dispose]());

/** The job. */
async function use(machine: GoMachine): Promise<void> {
  await team.build(machine, project);
  await succeeded(go(machine, ["run", "-trimpath", "."], { cwd: project }));
}

/** A machine that has built the project, and has its program in the cache. */
async function builtMachine(): Promise<GoMachine> {
  return await copyOf(team.newMachine());
}

/** Fills a machine's cache with a copy of the first one's. */
async function copyOf(machine: GoMachine): Promise<GoMachine> {
  await succeeded(run(["cp", "-a", "--reflink=auto", `${built.gocache}/.`, machine.gocache]));
  return machine;
}

/** Restores without a word on stderr, and expects a sound cache. */
async function restored(machine: GoMachine, args: string[] = []) {
  const outcome = await team.program(machine, project, ["restore", ...args]);
  expect([outcome.exitCode, outcome.stderr]).toEqual([0, ""]);
  const state = checkGoCache(machine.gocache);
  expect(state).toEqual(SOUND);
  return state;
}

/** Saves a machine's cache into an empty bucket; how many of its entries another machine finds there. */
async function savedEntries(name: string, machine: GoMachine, args: string[] = []) {
  const own = new NativeTeam(dir.join(name));
  const saved = await own.program(machine, project, ["save", ...args]);
  const other = own.newMachine();
  await own.program(other, project, ["restore"]);
  const { entries, ...rest } = checkGoCache(other.gocache);
  expect(rest).toEqual({ wrong: [], unfinished: [] });
  return { saved, entries };
}

/** A machine whose cache is on a disk of its own. */
function machineOn(disk: FullDisk): GoMachine {
  const machine = { ...team.newMachine(), gocache: disk.join("gocache") };
  mkdirSync(machine.gocache);
  return machine;
}

function fullestFolder(gocache: string): string {
  const folders = readdirSync(gocache).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const size = (name: string) => readdirSync(join(gocache, name)).length;
  return folders.toSorted((a, b) => size(b) - size(a))[0] ?? "";
}

describe("a disk", () => {
  testOnLinux("that is read-only: nothing is restored, and all is saved", async () => {
    using disk = new FullDisk(ROOMY);
    const machine = await copyOf(machineOn(disk));
    disk.makeReadOnly();
    expect(await team.program(machine, project, ["restore"])).toEqual(inOneLine("EROFS"));
    const { saved, entries } = await savedEntries("read-only", machine);
    expect(saved).toMatchObject(QUIET);
    expect(entries).toBe(all);
    const executed = await team.program(machine, project, ["exec", "--", "sh", "-c", "exit 7"]);
    expect(executed.exitCode).toBe(7);
  });

  testOnLinux.each([
    ["2 MiB", { bytes: 2 * MIB, inodes: 1 << 20 }],
    ["no room", { bytes: 1, inodes: 1 << 20 }],
    ["200 files", { bytes: ROOMY, inodes: 200 }],
  ])("with %s left: a part is restored, what is there is right", async (_, left) => {
    using disk = new FullDisk(ROOMY);
    const machine = machineOn(disk);
    disk.leave(left.bytes, left.inodes);
    const outcome = await team.program(machine, project, ["restore"]);
    expect(outcome).toEqual(inOneLine("not all is in .*: ENOSPC"));
    const state = checkGoCache(machine.gocache);
    expect(state).toEqual(SOUND);
    expect(state.entries).toBeLessThan(all);
    disk.leave(ROOMY / 2, 1 << 20);
    expect((await restored(machine)).entries).toBe(all);
    expect(await team.build(machine, project)).toBe(0);
  });

  testOnPosix("where files may only be small: the larger ones are left out, also of the bucket", async () => {
    const wrapper = ["sh", "-c", 'ulimit -f 128; exec "$0" "$@"'];
    const machine = team.newMachine();
    await using restoring = await team.start(machine, project, ["restore"], { wrapper });
    expect(await restoring.outcome).toEqual(inOneLine("not all is in .*: EFBIG"));
    const state = checkGoCache(machine.gocache);
    expect(state).toEqual(SOUND);
    expect(state.entries).toBeGreaterThan(0);
    expect(state.entries).toBeLessThan(all);

    const own = new NativeTeam(dir.join("small-files"));
    await using saving = await own.start(built, project, ["save"], { wrapper });
    expect(await saving.outcome).toEqual(inOneLine("EFBIG"));
    const other = own.newMachine();
    await own.program(other, project, ["restore"]);
    expect(checkGoCache(other.gocache)).toEqual(SOUND);
  });

  testOnLinux("that is full: all is saved", async () => {
    using disk = new FullDisk(ROOMY);
    const machine = await copyOf(machineOn(disk));
    disk.leave(1, 1);
    const { saved, entries } = await savedEntries("full", machine);
    expect(saved).toMatchObject(QUIET);
    expect(entries).toBe(all);
  });

  testOnLinux("another than that of this program's directory, full or not, is filled", async () => {
    using disk = new FullDisk(ROOMY);
    const args = [`--cache-dir=${disk.join("plugin")}`];
    expect((await restored(team.newMachine(), args)).entries).toBe(all);
    rmSync(disk.join("plugin"), { recursive: true });
    disk.leave(1, 1);
    expect((await restored(team.newMachine(), args)).entries).toBe(all);
    const { saved, entries } = await savedEntries("plugin-full", built, args);
    expect(saved).toMatchObject(QUIET);
    expect(entries).toBe(all);
  });
});

describe("at the same time", () => {
  test("two restores and a save in one cache, and go that builds something else", async () => {
    const machine = await builtMachine();
    const own = new NativeTeam(dir.join("together"));
    const more = chainModule(dir.join("more"), { name: "more", count: 3 });
    const building = team.build(machine, more);
    const outcomes = await Promise.all([
      team.program(machine, project, ["restore"]),
      own.program(machine, project, ["save"]),
      team.program(machine, project, ["restore"]),
    ]);
    expect(outcomes.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(3).fill([0, ""]));
    expect(await building).toBeGreaterThan(0);
    expect(checkGoCache(machine.gocache)).toEqual(SOUND);
    const other = own.newMachine();
    await own.program(other, project, ["restore"]);
    expect(checkGoCache(other.gocache)).toEqual(SOUND);
    expect(await own.build(other, project)).toBe(0);
  });

  test("two restores into one empty cache fetch everything once", async () => {
    const machine = team.newMachine();
    const outcomes = await Promise.all([1, 2].map(() => team.program(machine, project, ["restore"])));
    expect(outcomes.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(2).fill([0, ""]));
    const state = checkGoCache(machine.gocache);
    expect(state).toEqual({ ...SOUND, entries: all });
  });

  test.each([
    ["go clean -cache", async (machine: GoMachine) => void (await go(machine, ["clean", "-cache"]))],
    [
      "somebody removes the whole directory",
      async ({ gocache }: GoMachine) => {
        renameSync(gocache, `${gocache}.old`);
        rmSync(`${gocache}.old`, { recursive: true, force: true, maxRetries: 20 });
      },
    ],
  ])("%s while restore runs", async (_, clean) => {
    const machine = team.newMachine();
    await using restoring = await team.start(machine, project, ["restore"]);
    await fills(machine);
    await clean(machine);
    const outcome = await restoring.outcome;
    expect(outcome.exitCode).toBe(0);
    expect(linesOf(outcome)).toBeLessThanOrEqual(1);
    // Outputs are removed from under their entries, which go takes for absent then.
    expect(checkGoCache(machine.gocache).wrong.filter((name) => !name.endsWith("-a"))).toEqual([]);
    expect((await restored(machine)).entries).toBe(all);
    expect(await team.build(machine, project)).toBe(0);
  });
});

/** Whether a file is a compiled library of the project. */
function isArchive(path: string): boolean {
  const bytes = readFileSync(path);
  return (
    bytes.subarray(0, 8).toString() === "!<arch>\n" && bytes.includes("odd/p1") && !bytes.includes("\nmain\n")
  );
}

/** Waits until there is an entry, or a moment later. */
async function fills({ gocache }: GoMachine): Promise<void> {
  for (let looks = 0; looks < 1_000; looks++) {
    if (filesBelow(gocache).some((name) => name.endsWith("-a"))) return;
    await Bun.sleep(1);
  }
}

function linesOf({ stderr }: Outcome): number {
  return stderr.split("\n").length - 1;
}

test("a cache that is wiped between restore and save hides nothing of the run before", async () => {
  const own = new NativeTeam(dir.join("wiped"));
  await own.program(built, project, ["save"]);
  const later = (run: string) => ({ ...own.newMachine(), env: { ...CI_ENV, DRONE_BUILD_NUMBER: run } });
  const wiped = later("8");
  await own.program(wiped, project, ["restore"]);
  rmSync(wiped.gocache, { recursive: true });
  const saved = await own.program(wiped, project, ["save"]);
  expect(saved).toEqual({
    exitCode: 0,
    stdout: "0 entries used, 0 of them new, 0 B uploaded\n",
    stderr: "",
  });
  const next = later("9");
  await own.program(next, project, ["restore"]);
  expect(checkGoCache(next.gocache)).toEqual({ ...SOUND, entries: all });
});

testOnPosix("a link in place of a folder is neither followed nor replaced", async () => {
  const machine = await builtMachine();
  const outside = dir.join("outside");
  renameSync(join(machine.gocache, folder), outside);
  symlinkSync(outside, join(machine.gocache, folder));
  const { saved, entries } = await savedEntries("linked-save", machine);
  expect([saved.exitCode, linesOf(saved)]).toEqual([0, 0]);
  expect(entries).toBeLessThan(all);
  expect(entries).toBeGreaterThan(0);

  const target = team.newMachine();
  const empty = dir.join("empty");
  mkdirSync(empty);
  symlinkSync(empty, join(target.gocache, folder));
  expect(await team.program(target, project, ["restore"])).toEqual(
    inOneLine(`not all is in .*/${folder} is not a directory`),
  );
  expect(readdirSync(empty)).toEqual([]);
  const state = checkGoCache(target.gocache);
  expect(state).toEqual(SOUND);
  expect(state.entries).toBeGreaterThan(0);
  expect(await team.build(target, project)).toBeGreaterThanOrEqual(0);
});

test("a file with the size of an output and other bytes gets no record; the build mends it", async () => {
  const sound = team.newMachine();
  await restored(sound);
  const names = filesBelow(sound.gocache).filter((name) => name.endsWith("-d"));
  const victim = names.find((name) => isArchive(join(sound.gocache, name))) ?? "";
  const machine = team.newMachine();
  const path = join(machine.gocache, victim);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, Buffer.alloc(statSync(join(sound.gocache, victim)).size));
  const outcome = await team.program(machine, project, ["restore"]);
  expect(outcome).toEqual(inOneLine("has other bytes than its name says"));
  const { wrong } = checkGoCache(machine.gocache);
  expect(wrong).toEqual([victim]);
  expect(await team.build(machine, project)).toBeGreaterThan(0);
  expect(checkGoCache(machine.gocache).wrong).toEqual([]);
});

describe("of several users", () => {
  /** What go would tell: this user may not run it here. */
  const GO = ["GOOS=linux", "GOARCH=amd64", "GOVERSION=go1.27.4"];

  /** Runs the program as nobody, on a cache with its own directory elsewhere. */
  async function asNobody(gocache: string, args: string[]): Promise<Outcome> {
    const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--inh-caps=-all"];
    const env = plainEnv({ HOME: "/nonexistent", ...team.newMachine().env });
    const [command = "", ...rest] = args;
    const own = `--cache-dir=${dir.join("of-nobody", "plugin")}`;
    // Below / there may be checkouts, whose modules are not meant.
    const more = [own, "--only=build", "--project=example.com/odd", "--mtimes=false"];
    const argv = [binaryPath(), command, ...more, ...rest];
    const words = command === "save" ? argv.filter((word) => !word.startsWith("--mtimes")) : argv;
    return await run(["setpriv", ...ids, "env", ...GO, `GOCACHE=${gocache}`, ...words], { cwd: "/", env });
  }

  testOnLinux("restore writes where it may, and what it can't write is counted", async () => {
    mkdirSync(dir.join("of-nobody"));
    chownSync(dir.join("of-nobody"), NOBODY, NOBODY);
    const gocache = dir.join("of-nobody", "gocache");
    mkdirSync(gocache);
    chownSync(gocache, NOBODY, NOBODY);
    mkdirSync(join(gocache, folder), { mode: 0o755 });
    const outcome = await asNobody(gocache, ["restore", ...team.flags]);
    expect(outcome).toEqual(inOneLine("not all is in .*: EACCES"));
    expect(readdirSync(join(gocache, folder))).toEqual([]);
    const state = checkGoCache(gocache);
    expect(state).toEqual(SOUND);
    expect(state.entries).toBeGreaterThan(0);
    expect(state.entries).toBeLessThan(all);
  });

  testOnLinux("save leaves out what it may not read", async () => {
    const machine = await builtMachine();
    await run(["chown", "-R", `${NOBODY}:${NOBODY}`, machine.gocache, join(machine.gocache, "..")]);
    const closed = filesBelow(machine.gocache).filter((name) => isArchive(join(machine.gocache, name)));
    for (const name of closed) {
      chownSync(join(machine.gocache, name), 0, 0);
      chmodSync(join(machine.gocache, name), 0o600);
    }
    const own = new NativeTeam(dir.join("unreadable"));
    chownSync(own.bucket, NOBODY, NOBODY);
    const outcome = await asNobody(machine.gocache, ["save", ...own.flags]);
    expect(outcome).toEqual(inOneLine("outputs in .* can't be read"));
    expect(outcome.stdout).toEndWith("; not all could be saved\n");
    const other = own.newMachine();
    await own.program(other, project, ["restore"]);
    const state = checkGoCache(other.gocache);
    expect(state).toEqual(SOUND);
    expect(state.entries).toBeGreaterThan(0);
    expect(closed.filter((name) => existsSync(join(other.gocache, name)))).toEqual([]);
  });

  testOnLinux("nothing is signed while others can write to a folder", async () => {
    const machine = await builtMachine();
    const key = dir.join("folder.key");
    await run([binaryPath(), "keygen", key], { env: plainEnv() });
    chmodSync(join(machine.gocache, folder), 0o777);
    const own = new NativeTeam(dir.join("open-folder"));
    const args = ["save", `--sign-key=${key}`, `--cache-dir=${dir.join("signing")}`];
    expect(await own.program(machine, project, args)).toEqual(
      inOneLine("nothing was saved: other users can write to"),
    );
    expect(filesBelow(own.bucket)).toEqual([]);
  });
});

test("a program from the cache runs after all that, and links nothing", async () => {
  const machine = team.newMachine();
  await restored(machine);
  const ran = await succeeded(go(machine, ["run", "-x", "-trimpath", "."], { cwd: project }));
  expect(countLinks(ran)).toBe(0);
});
