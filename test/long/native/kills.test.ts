/** SIGKILL at random moments of `restore` and `save`, with a program among the entries. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { checkGoCache, NativeTeam, SOUND, succeeded } from "../../e2e/native/native-team.ts";
import { chainModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { KILLS, killOften } from "./kill-often.ts";

// Only a guard against hanging.
setDefaultTimeout(1_800_000);

let dir: TempDir;
let team: NativeTeam;
let project: string;
let built: GoMachine;
let all: number;

beforeAll(async () => {
  dir = tempDir("native-kills");
  team = new NativeTeam(dir.join("team"));
  project = chainModule(dir.join("project"), { name: "killed", count: 3 });
  built = await team.idleMachine();
  await team.build(built, project);
  await succeeded(go(built, ["run", "-trimpath", "."], { cwd: project }));
  await succeeded(team.program(built, project, ["save"]));
  all = await restored(team);
});
afterAll(() => dir[Symbol.dispose]());

/** Restores a machine, new by default, and expects a sound cache; how many entries it has. */
async function restored(from: NativeTeam, machine = from.newMachine()): Promise<number> {
  const { exitCode, stderr } = await from.program(machine, project, ["restore"]);
  expect([exitCode, stderr]).toEqual([0, ""]);
  const { entries, wrong } = checkGoCache(machine.gocache);
  expect(wrong).toEqual([]);
  return entries;
}

test(`after ${KILLS} killed restores no file is wrong, and another restore brings the rest`, () =>
  killOften(["restore"], { project }, async () => {
    const machine = team.newMachine();
    const check = async () => {
      expect(checkGoCache(machine.gocache).wrong).toEqual([]);
      expect(await restored(team, machine)).toBe(all);
    };
    return { machine, team, check };
  }));

test(`after ${KILLS} killed saves the bucket is sound, and another save brings the rest`, () =>
  killOften(["save"], { project }, async (round) => {
    const own = new NativeTeam(dir.join(`save-${round}`));
    const check = async () => {
      await restored(own);
      expect(await succeeded(own.program(built, project, ["save"]))).toMatchObject({ stderr: "" });
      expect(await restored(own)).toBe(all);
      expect(checkGoCache(built.gocache)).toEqual(SOUND);
    };
    return { machine: built, team: own, check };
  }));
