/** `$GOMODCACHE` on odd disks, in other hands, beside go commands that live or have died: never a wrong module in it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { type GoMachine, startGo } from "../../support/go-toolchain.ts";
import { answering } from "../../support/modules/module-upstream.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { ALL, DATA, downloadFile, LEAF, LIB, ModuleTeam, modcacheOf, WHOLE } from "./module-team.ts";
import { inOneLine, NativeTeam, QUIET, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const MIB = 1 << 20;
const ROOMY = 1 << 30;
const NOBODY = "65534:65534";
/** Root without its rights over files of others. */
const POWERLESS = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"];

let dir: TempDir;
let team: ModuleTeam;

beforeAll(async () => {
  dir = tempDir("odd-modules");
  team = await ModuleTeam.open(dir.join("team"));
  expect(await team.command(await team.fullMachine(), ["save"])).toMatchObject(QUIET);
});
afterAll(async () => {
  await team[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

const without = (...trees: string[]) => ({
  ...WHOLE,
  taken: WHOLE.taken.difference(new Set(trees)),
});

/** Restores without a word on stderr; then all is there, and go needs no upstream. */
async function restoredWhole(on: GoMachine): Promise<void> {
  expect(await team.command(on, ["restore"])).toMatchObject(QUIET);
  expect(team.check(on)).toEqual(WHOLE);
  const offline = { ...on, env: { ...on.env, GOPROXY: "off" } };
  expect(await team.load(offline)).toMatchObject(QUIET);
}

/** Saves to an empty bucket; what another machine finds there. */
async function savedModules(name: string, on: GoMachine) {
  const own = new NativeTeam(dir.join(name));
  const bucket = own.flags;
  const saved = await team.command(on, ["save", ...bucket]);
  const other = team.bareMachine();
  await team.command(other, ["restore", ...bucket]);
  return { saved, state: team.check(other) };
}

/** Puts a text in place of a file, or of nothing. */
function put(path: string, text = ""): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe("a disk", () => {
  const machineOn = (disk: FullDisk) => team.bareMachine({ GOMODCACHE: disk.join("mod") });

  testOnLinux("that is read-only: nothing is restored, all is saved, and a command runs", async () => {
    using disk = new FullDisk(ROOMY);
    const machine = machineOn(disk);
    const { GOMODCACHE = "" } = machine.env ?? {};
    await team.fullMachine({ GOMODCACHE });
    disk.makeReadOnly();
    const { saved, state } = await savedModules("read-only", machine);
    expect([saved, state]).toEqual([{ ...QUIET, stdout: expect.stringContaining("3 entries") }, WHOLE]);
    // There is nothing to do.
    expect(await team.command(machine, ["restore"])).toMatchObject(QUIET);
    const empty = team.bareMachine({ GOMODCACHE: disk.join("none") });
    expect(await team.command(empty, ["restore"])).toEqual(inOneLine("EROFS"));
    const executed = await team.command(empty, ["exec", "--", "sh", "-c", "exit 7"]);
    expect(executed).toEqual({ ...inOneLine("EROFS"), exitCode: 7 });
  });

  testOnLinux.each([
    ["2 MiB", { bytes: 2 * MIB, inodes: 1 << 20 }, without(DATA)],
    ["no room", { bytes: 1, inodes: 1 << 20 }, without(...ALL)],
    ["20 files", { bytes: ROOMY, inodes: 20 }, undefined],
  ])(
    "with %s left: a part is restored, what is there is right, and the rest comes later",
    async (_, left, state) => {
      using disk = new FullDisk(ROOMY);
      const machine = machineOn(disk);
      disk.leave(left.bytes, left.inodes);
      expect(await team.command(machine, ["restore"])).toEqual(inOneLine("ENOSPC"));
      const found = team.check(machine);
      expect(found).toEqual(state ?? { ...WHOLE, taken: expect.any(Set) });
      expect(found.taken.size).toBeLessThan(ALL.length);
      disk.leave(ROOMY / 2, 1 << 20);
      await restoredWhole(machine);
    },
  );

  testOnLinux("that is full: all is saved", async () => {
    using disk = new FullDisk(ROOMY);
    const machine = machineOn(disk);
    await team.fullMachine({ GOMODCACHE: modcacheOf(machine) });
    disk.leave(1, 1);
    expect(await savedModules("full", machine)).toMatchObject({ saved: QUIET, state: WHOLE });
  });

  testOnLinux("of its own for the folder cache: by a link one line, by a mount all is restored", async () => {
    using disk = new FullDisk(ROOMY);
    const machine = team.bareMachine();
    const cache = join(modcacheOf(machine), "cache");
    const own = new NativeTeam(dir.join("zips"));
    await team.command(await team.fullMachine(), ["save", "--modules=both", ...own.flags]);
    const restore = async () => await team.command(machine, ["restore", "--modules=both", ...own.flags]);
    mkdirSync(modcacheOf(machine));
    symlinkSync(disk.path, cache);
    expect(await restore()).toEqual(inOneLine("cache is not a directory but a link, .* mount what should"));
    expect(readdirSync(disk.path)).toEqual([]);
    rmSync(cache);
    mkdirSync(cache);
    await succeeded(run(["mount", "--bind", disk.path, cache]));
    try {
      expect(await restore()).toMatchObject(QUIET);
      expect(team.check(machine)).toEqual(WHOLE);
      expect(ALL.filter((tree) => existsSync(downloadFile(machine, tree, "zip")))).toEqual(ALL);
      expect(await team.load(machine)).toMatchObject(QUIET);
    } finally {
      await run(["umount", cache]);
    }
  });

  testOnPosix("where files may only be small: the larger ones are left out", async () => {
    const wrapper = ["sh", "-c", 'ulimit -f 128; exec "$0" "$@"'];
    const machine = team.bareMachine();
    await using restoring = await team.start(machine, team.project, ["restore", "--only=modules"], {
      wrapper,
    });
    expect(await restoring.outcome).toEqual(inOneLine("EFBIG"));
    expect(team.check(machine)).toEqual(without(DATA, LIB));
    await restoredWhole(machine);
  });
});

describe("in place of", () => {
  testOnPosix("the cache, a link: it is followed, as go does", async () => {
    const machine = team.bareMachine();
    mkdirSync(`${modcacheOf(machine)}-elsewhere`);
    symlinkSync(`${modcacheOf(machine)}-elsewhere`, modcacheOf(machine));
    await restoredWhole(machine);
    expect(await savedModules("linked", machine)).toMatchObject({ saved: QUIET, state: WHOLE });
  });

  testOnPosix("the cache, a link that leads nowhere: one line", async () => {
    const machine = team.bareMachine();
    symlinkSync("nowhere", modcacheOf(machine));
    expect(await team.command(machine, ["restore"])).toEqual(inOneLine("nothing was restored"));
    expect(await team.command(machine, ["save"])).toMatchObject(QUIET);
    expect(readlinkSync(modcacheOf(machine))).toBe("nowhere");
  });

  test.each([
    ["a module's parent", "example.com/!big!co", [LIB]],
    ["a folder of downloads", "cache/download/example.com/!big!co", [LIB]],
    ["the folder of the largest", "example.com/data", [DATA]],
  ])("%s, a file: the others are restored, and saved", async (_, name, lost) => {
    const machine = team.bareMachine();
    put(join(modcacheOf(machine), name), "mine");
    expect(await team.command(machine, ["restore"])).toEqual(
      inOneLine("not all is in .* is not a directory"),
    );
    expect(team.check(machine)).toEqual(without(...lost));
    expect(readFileSync(join(modcacheOf(machine), name), "utf8")).toBe("mine");
    const { saved, state } = await savedModules(name.replaceAll("/", "-"), machine);
    expect([saved, state]).toMatchObject([QUIET, without(...lost)]);
  });

  test("a module, a file: it stays, and the others are restored", async () => {
    const machine = team.bareMachine();
    put(join(modcacheOf(machine), LIB), "mine");
    expect(await team.command(machine, ["restore"])).toMatchObject(QUIET);
    expect(team.check(machine)).toEqual(without(LIB));
    expect(readFileSync(join(modcacheOf(machine), LIB), "utf8")).toBe("mine");
  });

  testOnPosix("a module, a link to a folder: it is neither followed nor replaced", async () => {
    const machine = await team.fullMachine();
    const [tree, elsewhere] = [join(modcacheOf(machine), LIB), `${modcacheOf(machine)}-elsewhere`];
    renameSync(tree, elsewhere);
    symlinkSync(elsewhere, tree);
    put(join(elsewhere, "more.go"), "package lib\n");
    const before = filesBelow(elsewhere);
    expect(await team.command(machine, ["restore"])).toMatchObject(QUIET);
    expect([readlinkSync(tree), filesBelow(elsewhere)]).toEqual([elsewhere, before]);
    expect(await savedModules("linked-module", machine)).toMatchObject({ saved: QUIET, state: without(LIB) });
  });
});

describe("of another user", () => {
  testOnLinux("a cache in which we may write nothing, or see nothing: one line", async () => {
    const machine = team.bareMachine();
    mkdirSync(modcacheOf(machine));
    await succeeded(run(["chown", NOBODY, modcacheOf(machine)]));
    await using restoring = await team.start(machine, team.project, ["restore", "--only=modules"], {
      wrapper: POWERLESS,
    });
    expect(await restoring.outcome).toEqual(inOneLine("EACCES"));
    expect(readdirSync(modcacheOf(machine))).toEqual([]);
    chmodSync(modcacheOf(machine), 0o700);
    await using saving = await team.start(machine, team.project, ["save", "--only=modules"], {
      wrapper: POWERLESS,
    });
    expect(await saving.outcome).toEqual(inOneLine("nothing was saved: EACCES"));
  });

  testOnLinux("a folder that is closed to us: the others are restored and saved", async () => {
    const machine = await team.fullMachine();
    for (const tree of [LEAF, DATA]) await succeeded(run(["rm", "-rf", join(modcacheOf(machine), tree)]));
    // As it is on a machine to which restore has brought them.
    for (const kind of ["zip", "lock"]) for (const tree of ALL) rmSync(downloadFile(machine, tree, kind));
    const closed = join(modcacheOf(machine), "example.com", "!big!co");
    chmodSync(closed, 0o700);
    await succeeded(run(["chown", NOBODY, closed]));
    const as = async (args: string[]) => {
      await using running = await team.start(machine, team.project, args, { wrapper: POWERLESS });
      return await running.outcome;
    };
    expect(await as(["restore", "--only=modules"])).toEqual(inOneLine("not all is in .*: EACCES"));
    expect(team.check(machine)).toEqual(WHOLE);
    const own = new NativeTeam(dir.join("closed"));
    expect(await as(["save", "--only=modules", ...own.flags])).toEqual(
      inOneLine(`not all of ${modcacheOf(machine)} is saved: EACCES`),
    );
    const other = team.bareMachine();
    await team.command(other, ["restore", ...own.flags]);
    expect(team.check(other)).toEqual(without(LIB));
  });
});

test("what a killed restore left an hour ago goes with the next restore or save, though all modules are there", async () => {
  const machine = await team.fullMachine();
  const [old, fresh] = [1, 2].map((n) => `unfinished-0000000${n}-0000-4000-8000-000000000000`);
  const parent = join(modcacheOf(machine), "cache");
  const hoursAgo = Date.now() / 1000 - 2 * 3_600;
  for (const command of ["restore", "save"]) {
    for (const name of [old, fresh]) put(join(parent, name ?? "", "1", "large"), "x");
    utimesSync(join(parent, old ?? ""), hoursAgo, hoursAgo);
    expect(await team.command(machine, [command])).toMatchObject(QUIET);
    expect(team.check(machine)).toEqual({ ...WHOLE, unfinished: [fresh as string] });
  }
});

describe("beside go commands", () => {
  /** Lets the upstream answer otherwise for the largest module's zip. */
  const withZip = async (
    override: Parameters<typeof team.upstream.overrides.set>[1],
    use: () => Promise<void>,
  ) => {
    const name = "example.com/data/v2/@v/v2.3.0.zip";
    team.upstream.overrides.set(name, override);
    try {
      await use();
    } finally {
      team.upstream.overrides.delete(name);
    }
  };

  /** A machine with an upstream that has all modules but the largest. */
  const machineWithoutData = async () => {
    const machine = await team.fullMachine();
    await succeeded(
      run(["rm", "-rf", join(modcacheOf(machine), DATA), dirname(downloadFile(machine, DATA, "zip"))]),
    );
    return machine;
  };

  testOnPosix("that have failed: what they left is in nobody's way", async () => {
    const machine = await machineWithoutData();
    await withZip(answering(500, "no"), async () => {
      expect(await team.load(machine)).toMatchObject({ exitCode: 1 });
    });
    expect(existsSync(downloadFile(machine, DATA, "lock"))).toBe(true);
    await restoredWhole(machine);
  });

  testOnPosix("that fetch a module, it is theirs until they are killed", async () => {
    const machine = await machineWithoutData();
    let isAsked = false;
    await withZip(
      () => {
        isAsked = true;
      },
      async () => {
        await using fetching = await startGo(machine, ["list", "-deps", "."], { cwd: team.project });
        await eventually("go asks for the zip", () => isAsked);
        expect(await team.command(machine, ["restore"])).toMatchObject(QUIET);
        expect(team.check(machine)).toEqual(without(DATA));
        fetching.signal("SIGKILL");
        await fetching.outcome;
      },
    );
    await restoredWhole(machine);
  });

  testOnPosix("that were killed while they unpacked, with and without their zip", async () => {
    const machine = await team.fullMachine();
    for (const tree of [LIB, DATA]) {
      await succeeded(run(["chmod", "-R", "u+w", join(modcacheOf(machine), tree)]));
      rmSync(join(modcacheOf(machine), tree, "go.mod"));
      put(downloadFile(machine, tree, "partial"));
    }
    rmSync(downloadFile(machine, LIB, "zip"));
    expect(await team.command(machine, ["restore"])).toMatchObject(QUIET);
    expect(team.check(machine)).toEqual(without(DATA));
    // Go has it, and needs nobody.
    expect(await team.load({ ...machine, env: { ...machine.env, GOPROXY: "off" } })).toMatchObject(QUIET);
    expect(team.check(machine)).toEqual(WHOLE);
  });

  testOnPosix("that fetch the same modules while two restores do: all of them succeed", async () => {
    const machine = team.bareMachine({ GOPROXY: team.upstream.url });
    // Left by commands that have failed. Without them it would take a hair's breadth to be in go's way; see design.md.
    for (const tree of ALL) put(downloadFile(machine, tree, "lock"));
    const outcomes = await Promise.all([
      team.command(machine, ["restore"]),
      team.load(machine),
      team.command(machine, ["restore"]),
    ]);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(team.check(machine)).toEqual(WHOLE);
    await restoredWhole(machine);
  });

  test("two restores into one empty cache", async () => {
    const machine = team.bareMachine();
    const outcomes = await Promise.all([1, 2].map(() => team.command(machine, ["restore"])));
    expect(outcomes).toMatchObject([QUIET, QUIET]);
    expect(team.check(machine)).toEqual(WHOLE);
    await restoredWhole(machine);
  });
});
