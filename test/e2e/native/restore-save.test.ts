/** Go's own cache directory, filled before a build and read out after it, with no helper. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { chainModule, libraryModule } from "../../support/go-project.ts";
import {
  countCompiles,
  GO_RELEASES,
  type GoMachine,
  go,
  helperLines,
  OLD_GO,
  OLDEST_GO,
} from "../../support/go-toolchain.ts";
import { plainEnv, run } from "../../support/process.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "../packed/packed-team.ts";
import {
  CI_ENV,
  checkGoCache,
  countLinks,
  DEAD,
  DEAD_NAME,
  NativeTeam,
  runRecords,
  SOUND,
  succeeded,
} from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const SAVED = /^\d+ entries used, \d+ of them new, [\d.]+ (?:[KM]iB|B) uploaded\n$/;
const RESTORED = /^\d+ entries are in \S+, [\d.]+ (?:[KM]iB|B) fetched\n$/;
const done = (stdout: RegExp) => ({ exitCode: 0, stdout: expect.stringMatching(stdout), stderr: "" });

let dir: TempDir;
let team: NativeTeam;
let project: string;

/** Its bucket has what a build, a test and `go run` of `project` have used. */
beforeAll(async () => {
  dir = tempDir("native");
  team = new NativeTeam(dir.join("team"));
  project = chainModule(dir.join("project"), { name: "native", count: 3 });
  const first = await team.warmMachine();
  expect(await team.build(first, project)).toBeGreaterThan(0);
  await succeeded(go(first, ["test", "-trimpath", "./..."], { cwd: project }));
  const ran = await succeeded(go(first, ["run", "-x", "-trimpath", "."], { cwd: project }));
  expect(countLinks(ran)).toBe(1);
  expect(await team.program(first, project, ["save"])).toEqual(done(SAVED));
});
afterAll(() => dir[Symbol.dispose]());

describe("after a restore", () => {
  test("the same build compiles nothing, tests are cached, go run links nothing; every file is what its name says", async () => {
    const machine = team.newMachine();
    expect(await team.program(machine, project, ["restore"])).toEqual(done(RESTORED));
    expect(checkGoCache(machine.gocache)).toEqual(SOUND);
    expect(await team.build(machine, project)).toBe(0);
    const tested = await succeeded(go(machine, ["test", "-trimpath", "./..."], { cwd: project }));
    expect(tested.stdout.match(/\(cached\)/g)).toHaveLength(3);
    const ran = await succeeded(go(machine, ["run", "-x", "-trimpath", "."], { cwd: project }));
    expect([countLinks(ran), countCompiles(ran), ran.stderr]).toEqual([
      0,
      0,
      expect.stringContaining("native 3"),
    ]);
  });

  test("a save adds nothing and records what was used alone", async () => {
    const machine = { ...team.newMachine(), env: { ...CI_ENV, DRONE_BUILD_NUMBER: "8" } };
    await team.program(machine, project, ["restore"]);
    const packs = filesBelow(join(team.bucket, "packed", "v1", "pack"));
    expect((await team.program(machine, project, ["save"])).stdout).toStartWith(
      "0 entries used, 0 of them new",
    );
    expect(await team.build(machine, project)).toBe(0);
    const { stdout } = await team.program(machine, project, ["save"]);
    expect(stdout).toMatch(/^[1-9]\d* entries used, 0 of them new/);
    expect(Number.parseInt(stdout, 10)).toBeLessThan(checkGoCache(machine.gocache).entries);
    expect(filesBelow(join(team.bucket, "packed", "v1", "pack"))).toEqual(packs);
  });

  test("another one changes no file", async () => {
    const machine = team.newMachine();
    await team.program(machine, project, ["restore"]);
    const cache = () => filesBelow(machine.gocache).filter((name) => !name.startsWith("go-cache-plugin"));
    const times = () => cache().map((name) => Bun.file(join(machine.gocache, name)).lastModified);
    const before = [cache(), times()];
    expect((await team.program(machine, project, ["restore"])).stdout).toEndWith(", 0 B fetched\n");
    expect([cache(), times()]).toEqual(before);
  });
});

test("beside GOCACHEPROG, only who restores the build's entries is warned", async () => {
  const machine = team.newMachine();
  const warned = async (only: string) => {
    const env = { GOCACHEPROG: binaryPath() };
    return (await succeeded(team.program(machine, project, ["restore", `--only=${only}`], env))).stderr;
  };
  expect(await warned("build")).toContain("GOCACHEPROG is set");
  expect(await warned("modules,lint")).toBe("");
});

test.each([...GO_RELEASES])(
  "go %s reads what it wrote itself, and runs programs from it",
  async (release) => {
    const own = new NativeTeam(dir.join(release));
    const steps = async (machine: GoMachine) => {
      const tested = await succeeded(go(machine, ["test", "-x", "./..."], { cwd: project }));
      const ran = await succeeded(go(machine, ["run", "-x", "."], { cwd: project }));
      return [countCompiles(tested) + countCompiles(ran), countLinks(tested) + countLinks(ran)];
    };
    const first = await own.warmMachine(release);
    expect((await steps(first)).every((count) => count > 0)).toBe(true);
    expect((await own.program(first, project, ["save"])).stdout).toMatch(SAVED);
    const machine = own.newMachine(release);
    expect((await own.program(machine, project, ["restore"])).stdout).toMatch(RESTORED);
    expect(checkGoCache(machine.gocache).wrong).toEqual([]);
    expect(await steps(machine)).toEqual([0, 0]);
  },
);

test("a job of several releases, old ones too, systems and flags has all of its entries", async () => {
  const own = new NativeTeam(dir.join("mixed"));
  const libraries = libraryModule(dir.join("libraries"), "mixed");
  const builds: Record<string, string>[] = [
    { GOTOOLCHAIN: `go${OLDEST_GO}` },
    { GOTOOLCHAIN: `go${OLD_GO}` },
    { GOOS: "windows" },
    { GOFLAGS: "-modcacherw" },
  ];
  const compiles = async (machine: GoMachine) => {
    const counts: number[] = [];
    for (const env of builds) {
      const its = { ...machine, env: { ...machine.env, ...env } };
      counts.push(
        countCompiles(await succeeded(go(its, ["build", "-x", "-trimpath", "./..."], { cwd: libraries }))),
      );
    }
    return counts;
  };
  const first = own.newMachine();
  expect(await compiles(first)).toEqual([2, 2, 2, 2]);
  expect(await own.program(first, libraries, ["save"], { GOFLAGS: "-modcacherw" })).toEqual(done(SAVED));
  const machine = own.newMachine();
  expect(await own.program(machine, libraries, ["restore"])).toEqual(done(RESTORED));
  expect(checkGoCache(machine.gocache)).toEqual(SOUND);
  expect(await compiles(machine)).toEqual([0, 0, 0, 0]);
});

describe("entries pass between the two ways", () => {
  test("from GOCACHEPROG to go's own cache", async () => {
    const packed = new PackedTeam(dir.join("by-helper"));
    await packed.build(await packed.warmMachine(CI_ENV), project);
    const native = new NativeTeam(dir.join("from-helper"));
    const machine = native.newMachine();
    const outcome = await native.program(machine, project, ["restore", `--bucket=file://${packed.bucket}`]);
    expect(outcome).toEqual(done(RESTORED));
    expect(checkGoCache(machine.gocache).wrong).toEqual([]);
    expect(await native.build(machine, project)).toBe(0);
  });

  test("from go's own cache to GOCACHEPROG, programs among them", async () => {
    const packed = new PackedTeam(dir.join("to-helper"));
    const machine = packed.newMachine(CI_ENV, [`--bucket=file://${team.bucket}`]);
    expect(await packed.build(machine, project)).toBe(0);
    const ran = await succeeded(go(machine, ["run", "-x", "-trimpath", "."], { cwd: project }));
    expect([countLinks(ran), helperLines(ran), ran.stderr]).toEqual([
      0,
      [],
      expect.stringContaining("native 3"),
    ]);
    await settled(machine);
  });
});

test("with --read-only nothing is saved, and restore works", async () => {
  const machine = await team.warmMachine();
  const own = chainModule(dir.join("read-only"), { name: "readonly", count: 1 });
  await team.build(machine, own);
  const before = filesBelow(team.bucket);
  expect(await team.program(machine, own, ["save", "--read-only"])).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
  expect((await team.program(machine, project, ["restore", "--read-only"])).stdout).toMatch(RESTORED);
  expect(filesBelow(team.bucket)).toEqual(before);
});

test("an output with other bytes than its id says is not uploaded, and the rest is", async () => {
  const own = new NativeTeam(dir.join("damaged"));
  const machine = await own.warmMachine();
  await own.build(machine, project);
  const [victim = ""] = filesBelow(machine.gocache).filter((name) => {
    const bytes = name.endsWith("-d") ? readFileSync(join(machine.gocache, name)) : Buffer.alloc(0);
    return bytes.includes("native/p1");
  });
  const bytes = readFileSync(join(machine.gocache, victim));
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(join(machine.gocache, victim), bytes);
  const { exitCode, stdout, stderr } = await own.program(machine, project, ["save"]);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/uploaded; not all could be saved\n$/)]);
  expect(stderr).toMatch(/^go-cache-plugin: outputs in \S+ can't be read, or have other bytes .*\n$/);
  const other = own.newMachine();
  await own.program(other, project, ["restore"]);
  const { entries, wrong } = checkGoCache(other.gocache);
  expect([entries > 0, wrong, existsSync(join(other.gocache, victim))]).toEqual([true, [], false]);
});

test("a bucket with altered packs puts no wrong file into the cache", async () => {
  const own = new NativeTeam(dir.join("altered"));
  const first = await own.warmMachine();
  await own.build(first, project);
  await own.program(first, project, ["save"]);
  const packs = join(own.bucket, "packed", "v1", "pack");
  for (const name of filesBelow(packs)) {
    const bytes = readFileSync(join(packs, name));
    for (let at = 100; at < bytes.length; at += 10_000) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(join(packs, name), bytes);
  }
  const machine = own.newMachine();
  const restored = await own.program(machine, project, ["restore"]);
  expect([restored.exitCode, restored.stdout]).toEqual([
    0,
    expect.stringMatching(/; \d+ could not be restored\n$/),
  ]);
  expect(checkGoCache(machine.gocache).wrong).toEqual([]);
  for (const name of filesBelow(packs)) truncateSync(join(packs, name), 100);
  expect((await own.program(own.newMachine(), project, ["restore"])).exitCode).toBe(0);
});

describe("exit code 0 and one line", () => {
  const line = (text: string) => ({ exitCode: 0, stdout: "", stderr: `go-cache-plugin: ${text}\n` });

  test.each(["restore", "save"])("%s with GOCACHE=off", async (command) => {
    const what = command === "save" ? "saved" : "restored";
    const outcome = await team.program(team.newMachine(), project, [command], { GOCACHE: "off" });
    expect(outcome).toEqual(line(`nothing was ${what}: GOCACHE is off`));
  });

  test.each(["restore", "save"])("%s without a bucket that answers", async (command) => {
    const machine = await team.warmMachine();
    const args = [command, ...DEAD];
    const outcome = await team.program(machine, project, args);
    const what = `nothing was ${command === "save" ? "saved" : "restored"}`;
    expect(outcome).toEqual(line(`${what}: ${DEAD_NAME}: connection refused`));
  });

  test.each([
    ["restore", "nothing was restored"],
    ["save", "nothing was saved"],
  ])("%s with a bucket below a mount that is not there", async (command, what) => {
    const [mount, bucket] = [dir.join("mount"), `file://${dir.join("mount", "bucket")}`];
    const outcome = await team.program(team.newMachine(), project, [command, `--bucket=${bucket}`]);
    const why = `there is no directory ${mount}, so a mount may be missing`;
    expect(outcome).toEqual(line(`${what}: remote cache ${bucket}: ${why}`));
    expect(existsSync(mount)).toBe(false);
  });

  test("restore with a file in place of the cache", async () => {
    const path = dir.join("no-cache");
    writeFileSync(path, "");
    const outcome = await team.program({ ...team.newMachine(), gocache: path }, project, [
      "restore",
      `--cache-dir=${dir.join("plugin-cache")}`,
    ]);
    expect([outcome.exitCode, outcome.stdout]).toEqual([0, ""]);
    expect(outcome.stderr).toContain("nothing was restored: ");
  });

  test("restore of a job that never ran, from a bucket that nobody has made yet", async () => {
    const own = new NativeTeam(dir.join("stranger"));
    rmSync(own.bucket, { recursive: true });
    const outcome = await own.program(own.newMachine(), project, ["restore"]);
    expect(outcome).toEqual({ exitCode: 0, stdout: "no earlier run of this job is known\n", stderr: "" });
  });
});

test("with a key to trust, only what its holder's own run made is restored", async () => {
  const own = new NativeTeam(dir.join("signed"));
  const key = dir.join("sign.key");
  const { stdout } = await run([binaryPath(), "keygen", key], { env: plainEnv() });
  const trust = `--trust-key=${stdout.trim().replace("GOCACHE_TRUST_KEYS=", "")}`;
  const sign = [`--sign-key=${key}`, `--cache-dir=${dir.join("signing")}`];
  const first = await own.warmMachine();
  await own.program(first, project, ["restore", ...sign]);
  await own.build(first, project);
  await own.program(first, project, ["save"]);
  const restored = async (machine: GoMachine, name: string) =>
    (await own.program(machine, project, ["restore", trust, `--cache-dir=${dir.join(name)}`])).stdout;
  expect(await restored(own.newMachine(), "before")).toBe("no earlier run of this job is known\n");
  expect((await own.program(first, project, ["save", ...sign])).stdout).toMatch(SAVED);
  // Go's runtime was on its disk before.
  const [warm, empty] = [await own.warmMachine(), own.newMachine()];
  expect([await restored(warm, "warm"), await restored(empty, "empty")]).toEqual([
    expect.stringMatching(RESTORED),
    expect.stringMatching(RESTORED),
  ]);
  expect(await own.build(warm, project)).toBe(0);
  expect(checkGoCache(empty.gocache).entries).toBeLessThan(checkGoCache(first.gocache).entries);
});

describe("with a key to sign, save signs nothing", () => {
  /** A machine, and a signing job's flags, with its own cache directory. */
  async function signer(name: string) {
    const own = new NativeTeam(dir.join(name));
    const key = dir.join(`${name}.key`);
    const { stdout } = await run([binaryPath(), "keygen", key], { env: plainEnv() });
    const trust = `--trust-key=${stdout.trim().replace("GOCACHE_TRUST_KEYS=", "")}`;
    return { own, trust, sign: `--sign-key=${key}`, machine: await own.warmMachine() };
  }

  async function restored(own: NativeTeam, trust: string): Promise<string> {
    return (await own.program(own.newMachine(), project, ["restore", trust])).stdout;
  }

  test("without a restore by the same keys before", async () => {
    const { own, trust, sign, machine } = await signer("no-restore");
    await own.build(machine, project);
    await own.program(machine, project, ["save"]);
    const victim = own.newMachine();
    expect((await own.program(victim, project, ["restore"])).stdout).toMatch(RESTORED);
    await own.build(victim, project);
    const saved = await own.program(victim, project, ["save", sign]);
    expect([saved.exitCode, saved.stdout]).toEqual([0, ""]);
    expect(saved.stderr).toContain("nothing is signed without a restore before");
    expect(await restored(own, trust)).toBe("no earlier run of this job is known\n");
  });

  test("that lay there before the restore, whatever its time; nor what a restore without keys has brought", async () => {
    const { own, trust, sign, machine } = await signer("before");
    await own.build(machine, project);
    await own.program(machine, project, ["save"]);
    for (const name of filesBelow(machine.gocache).filter((each) => each.endsWith("-a"))) {
      const path = join(machine.gocache, name);
      const [, action, output, size] = readFileSync(path, "latin1").split(/ +/);
      const soon = String((Date.now() + 1_000) * 1e6).padStart(20);
      writeFileSync(path, `v1 ${action} ${output} ${size?.padStart(20)} ${soon}\n`);
    }
    await own.program(machine, project, ["restore", sign]);
    const empty = own.newMachine();
    await own.program(empty, project, ["restore", sign]);
    expect((await own.program(empty, project, ["restore"])).stdout).toMatch(RESTORED);
    await Bun.sleep(1_000);
    for (const on of [machine, empty]) {
      // As if go used them now.
      for (const name of filesBelow(on.gocache).filter((each) => each.endsWith("-a")))
        utimesSync(join(on.gocache, name), new Date(), new Date());
      expect((await own.program(on, project, ["save", sign])).stdout).toStartWith("0 entries used");
    }
    expect(await restored(own, trust)).toBe("no earlier run of this job is known\n");
  });
});

test.if(process.platform !== "win32")("nothing is signed that another user may have written", async () => {
  const own = new NativeTeam(dir.join("open"));
  const key = dir.join("open.key");
  await run([binaryPath(), "keygen", key], { env: plainEnv() });
  const machine = await own.warmMachine();
  chmodSync(machine.gocache, 0o777);
  const args = ["save", `--sign-key=${key}`, `--cache-dir=${dir.join("open-cache")}`];
  const { exitCode, stderr } = await own.program(machine, project, args);
  expect([exitCode, stderr]).toEqual([
    0,
    expect.stringContaining("nothing was saved: other users can write to"),
  ]);
  expect(filesBelow(own.bucket)).toEqual([]);
});

test("GOCACHE that is missing is made", async () => {
  const machine = team.newMachine();
  rmSync(machine.gocache, { recursive: true });
  expect((await team.program(machine, project, ["restore"])).stdout).toMatch(RESTORED);
  expect(await team.build(machine, project)).toBe(0);
});

test("a save says that the run has ended", async () => {
  const own = new NativeTeam(dir.join("ended"));
  const machine = await own.warmMachine();
  await own.build(machine, project);
  await own.program(machine, project, ["save"]);
  expect(runRecords(own.bucket)).toEqual([expect.stringContaining(".ended.")]);
});

test("restore fills a cache that go is filling at the same time", async () => {
  const machine = team.newMachine();
  mkdirSync(machine.gocache, { recursive: true });
  const [, compiled] = await Promise.all([
    team.program(machine, project, ["restore"]),
    team.build(machine, project),
  ]);
  expect(compiled).toBeGreaterThanOrEqual(0);
  expect(checkGoCache(machine.gocache)).toEqual(SOUND);
  expect(await team.build(machine, project)).toBe(0);
});
