/** Files that another user has written on this machine, or that are older than the trusted keys. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { filesBelow } from "../../support/file-tree.ts";
import type { Machine } from "../../support/machine.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { allEntries, isSealed } from "./attacker.ts";
import { buildAndRun, EVIL, GOOD, TrustedTeam } from "./trusted-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const NOBODY = 65_534;
const COMPILED = { exitCode: 0, says: GOOD, compiles: 2, helper: [] };
const REFUSED = expect.stringMatching(
  /^go-cache-plugin: cache directory \S+ is not used, .*; using \S+ instead$/,
);

let base: TempDir;
let original: TrustedTeam;
/** A cache directory with the other output for the library's action. */
let poisoned: string;
let goodIds: Set<string>;
let evilId: string;
let libraryAction: string;
let dir: TempDir;
let team: TrustedTeam;

beforeAll(async () => {
  base = tempDir("local-trust");
  original = await TrustedTeam.open(base.path);
  const victim = original.anybody();
  const attacker = original.anybody();
  await buildAndRun(victim, original.good);
  await buildAndRun(attacker, original.evil);
  goodIds = new Set(original.libraryIds(victim, GOOD));
  [evilId = ""] = original.libraryIds(attacker, EVIL);
  libraryAction = poison(victim.cacheDir, join(attacker.cacheDir, "output", evilId.slice(0, 2), evilId));
  poisoned = victim.cacheDir;
  rmSync(join(original.bucket), { recursive: true });
  mkdirSync(original.bucket);
});
afterAll(() => base[Symbol.dispose]());
beforeEach(() => {
  dir = tempDir("local-trust-fork");
  team = original.fork(dir.path);
});
afterEach(() => dir[Symbol.dispose]());

test("a poisoned directory of this user is used, so the next tests prove something", async () => {
  const machine = team.newMachine();
  cpSync(poisoned, machine.cacheDir, { recursive: true });
  expect((await buildAndRun(machine, team.good)).says).toBe(EVIL);
});

test("entries that were written without trusted keys are not found with them", async () => {
  for (const machine of [team.reader(), team.signer()]) {
    plant(machine, machine.cacheDir);
    expect(await buildAndRun(machine, team.good)).toEqual(COMPILED);
  }
});

test("a directory of another user is refused, the build is right, and the next one finds its entries", async () => {
  const machine = team.newMachine();
  cpSync(poisoned, machine.cacheDir, { recursive: true });
  await giveAway(machine.cacheDir);
  team.warmFallback();
  expect(await buildAndRun(machine, team.good)).toEqual({ ...COMPILED, helper: [REFUSED] });
  expect((await buildAndRun(machine, team.good)).compiles).toBe(0);
});

test("so is a directory of this user if its part for these keys is another user's", async () => {
  const machine = team.reader();
  const [set = ""] = readdirSync(join(machine.cacheDir, "trust"));
  plant(machine, join(machine.cacheDir, "trust", set));
  await giveAway(join(machine.cacheDir, "trust", set));
  team.warmFallback(set);
  expect(await buildAndRun(machine, team.good)).toEqual({ ...COMPILED, helper: [REFUSED] });
});

test("with trusted keys, so is one that others can write to", async () => {
  const machine = team.reader();
  chmodSync(machine.cacheDir, 0o777);
  team.warmFallback(readdirSync(join(machine.cacheDir, "trust"))[0]);
  const helper = [expect.stringMatching(/chmod go-w/)];
  expect(await buildAndRun(machine, team.good)).toEqual({ ...COMPILED, helper });
});

test("a part that is a link to somewhere else is not used", async () => {
  team.warmFallback();
  for (const part of ["action", "output", "state", "tmp"]) {
    const machine = team.anybody();
    rmSync(join(machine.cacheDir, part), { recursive: true, force: true });
    mkdirSync(dir.join("elsewhere", part), { recursive: true });
    symlinkSync(dir.join("elsewhere", part), join(machine.cacheDir, part));
    expect(await buildAndRun(machine, team.good)).toMatchObject({
      exitCode: 0,
      says: GOOD,
      helper: [REFUSED],
    });
    expect(filesBelow(dir.join("elsewhere"))).toEqual([]);
  }
});

test("links among records and outputs are not followed, whatever their target", async () => {
  const machine = team.anybody();
  plant(machine, dir.join("elsewhere"));
  const record = join(machine.cacheDir, "action", libraryAction.slice(0, 2), libraryAction);
  mkdirSync(join(record, ".."), { recursive: true });
  symlinkSync(join(dir.join("elsewhere"), "action", libraryAction.slice(0, 2), libraryAction), record);
  expect(await buildAndRun(machine, team.good)).toEqual(COMPILED);
  expect(lstatSync(record).isFile()).toBe(true);
});

test("a two-digit directory that is a link is replaced, and the link's target stays unchanged", async () => {
  const machine = team.anybody();
  plant(machine, dir.join("elsewhere"));
  const before = filesBelow(dir.join("elsewhere"));
  for (const [kind, id] of [
    ["action", libraryAction],
    ["output", evilId],
  ] as const) {
    const name = join(kind, id.slice(0, 2));
    rmSync(join(machine.cacheDir, name), { recursive: true, force: true });
    symlinkSync(dir.join("elsewhere", name), join(machine.cacheDir, name));
  }
  const { compiles: _, ...built } = await buildAndRun(machine, team.good);
  expect(built).toEqual({ exitCode: 0, says: GOOD, helper: [] });
  expect(filesBelow(dir.join("elsewhere"))).toEqual(before);
});

test("a signing run neither adopts a journal nor signs local records of other runs", async () => {
  const machine = team.signer();
  // A session with the key creates the directories of a journal.
  await buildAndRun(machine, team.good);
  const [set = ""] = readdirSync(join(machine.cacheDir, "trust"));
  const root = join(machine.cacheDir, "trust", set);
  const [state = ""] = readdirSync(join(root, "state")).filter((name) => name.startsWith("packed-"));
  expect(readdirSync(join(root, "state", state))).not.toContain("journal");
  // A process of the same user without the key writes a local record, and a journal with its put.
  plant(machine, root);
  const head = {
    platform: platformOf(team),
    project: "example.com/target",
    branch: "none",
    job: "local",
    run: "x",
  };
  const line = `${libraryAction} ${evilId} ${evilSize(root)} 1700000000000`;
  mkdirSync(join(root, "state", state, "journal"));
  writeFileSync(join(root, "state", state, "journal", "left-1-a"), `${JSON.stringify(head)}\n${line}\n`);
  await buildAndRun(machine, team.good);
  const signed = ["run", "head", "new"].flatMap((kind) => team.objects(kind)).filter(isSealed);
  expect(signed.length).toBeGreaterThan(2);
  const outputs = new Set(allEntries(team).map(({ outputId }) => outputId));
  expect([outputs.has(evilId), outputs.isDisjointFrom(goodIds)]).toEqual([false, false]);
});

/** Gives the library's action another output; returns the action. */
function poison(cacheDir: string, evilOutput: string): string {
  mkdirSync(join(cacheDir, "output", evilId.slice(0, 2)), { recursive: true });
  cpSync(evilOutput, join(cacheDir, "output", evilId.slice(0, 2), evilId));
  const actions = filesBelow(join(cacheDir, "action")).filter((name) => {
    const [outputId = ""] = readFileSync(join(cacheDir, "action", name), "utf8").split(" ");
    return goodIds.has(outputId);
  });
  for (const name of actions) {
    const size = readFileSync(evilOutput).length;
    writeFileSync(join(cacheDir, "action", name), `${evilId} ${size}\n`);
  }
  return actions[0]?.slice(3) ?? "";
}

/** Copies the poisoned records and outputs into a directory. */
function plant(machine: Machine, root: string): void {
  expect(lstatSync(machine.gocache).isDirectory()).toBe(true);
  for (const kind of ["action", "output"])
    cpSync(join(poisoned, kind), join(root, kind), { recursive: true });
}

function evilSize(root: string): number {
  return readFileSync(join(root, "output", evilId.slice(0, 2), evilId)).length;
}

function platformOf(of: TrustedTeam): string {
  return decodeURIComponent(of.objects("run")[0]?.split("/run/")[1]?.split("/")[0] ?? "");
}

async function giveAway(path: string): Promise<void> {
  const outcome = await run(["chown", "-R", `${NOBODY}:${NOBODY}`, path], { env: plainEnv() });
  expect(outcome.exitCode).toBe(0);
}
