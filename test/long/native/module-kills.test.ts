/** SIGKILL at random moments of `restore` and `save` of modules. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { ModuleTeam, modcacheOf, ONLY, randomText, WHOLE } from "../../e2e/native/module-team.ts";
import { NativeTeam, QUIET } from "../../e2e/native/native-team.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { KILLS, killOften } from "./kill-often.ts";

// Only a guard against hanging.
setDefaultTimeout(1_800_000);

const SUBJECT = " of modules";

let dir: TempDir;
let team: ModuleTeam;
let full: GoMachine;

beforeAll(async () => {
  dir = tempDir("module-kills");
  team = await ModuleTeam.open(dir.join("team"), { text: randomText(16 << 20) });
  full = await team.fullMachine();
  expect(await team.command(full, ["save"])).toMatchObject(QUIET);
});
afterAll(async () => {
  await team[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** Restores from a bucket, and returns what is there. */
async function restored(machine: GoMachine, flags: string[] = []) {
  expect(await team.command(machine, ["restore", ...flags])).toMatchObject(QUIET);
  return team.check(machine);
}

test(`after ${KILLS} killed restores no module is wrong, and another one, or go, brings the rest`, () =>
  killOften(["restore", ONLY], { project: team.project, subject: SUBJECT }, async (round) => {
    const machine = team.bareMachine();
    const check = async () => {
      expect(team.check(machine).wrong).toEqual([]);
      const env = { ...machine.env, GOPROXY: round % 2 === 0 ? "off" : team.upstream.url };
      if (round % 2 === 0) expect((await restored(machine)).taken).toEqual(WHOLE.taken);
      expect(await team.load({ ...machine, env })).toMatchObject({ exitCode: 0 });
      expect(team.check(machine)).toMatchObject({ taken: WHOLE.taken, wrong: [] });
      await go(machine, ["clean", "-modcache"]);
      expect(team.check(machine).unfinished, modcacheOf(machine)).toEqual([]);
    };
    return { machine, team, check };
  }));

test(`after ${KILLS} killed saves the bucket is sound, and another save brings the rest`, () =>
  killOften(["save", ONLY], { project: team.project, subject: SUBJECT }, async (round) => {
    const own = new NativeTeam(dir.join(`save-${round}`));
    const check = async () => {
      expect((await restored(team.bareMachine(), own.flags)).wrong).toEqual([]);
      expect(await team.command(full, ["save", ...own.flags])).toMatchObject(QUIET);
      expect(await restored(team.bareMachine(), own.flags)).toEqual(WHOLE);
    };
    return { machine: full, team: own, check };
  }));
