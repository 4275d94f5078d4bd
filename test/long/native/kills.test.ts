/** SIGKILL at random moments of `restore` and `save`, with a program among the entries. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { checkGoCache, NativeTeam, SOUND, succeeded } from "../../e2e/native/native-team.ts";
import { randomMoment, randomOf } from "../../faults/random.ts";
import { chainModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { SUITE_SEED } from "../../support/seed.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(1_800_000);

const KILLS = 50;

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

/** Runs a command often and kills it, at moments spread over the time that it usually takes. */
async function killOften(
  name: string,
  startOne: (round: number) => Promise<{ machine: GoMachine; team: NativeTeam; check: () => Promise<void> }>,
): Promise<void> {
  const random = randomOf(SUITE_SEED, name);
  let usualSeconds = 0.1;
  let killed = 0;
  for (let round = 0; round < KILLS; round++) {
    const { machine, team: own, check } = await startOne(round);
    const startedMs = performance.now();
    await using running = await own.start(machine, project, [name]);
    await Promise.race([running.outcome, randomMoment(random, usualSeconds)]);
    running.signal("SIGKILL");
    const { exitCode } = await running.outcome;
    // As long as one takes that was too fast to be killed, and more and more before that.
    const seconds = (performance.now() - startedMs) / 1000;
    killed += Number(exitCode !== 0);
    usualSeconds = exitCode === 0 ? seconds : Math.max(usualSeconds, 1.2 * seconds);
    await check();
  }
  console.log(`${name}: ${killed} of ${KILLS} were killed before their end`);
}

test(`after ${KILLS} killed restores no file is wrong, and another restore brings the rest`, () =>
  killOften("restore", async () => {
    const machine = team.newMachine();
    const check = async () => {
      expect(checkGoCache(machine.gocache).wrong).toEqual([]);
      expect(await restored(team, machine)).toBe(all);
    };
    return { machine, team, check };
  }));

test(`after ${KILLS} killed saves the bucket is sound, and another save brings the rest`, () =>
  killOften("save", async (round) => {
    const own = new NativeTeam(dir.join(`save-${round}`));
    const check = async () => {
      await restored(own);
      expect(await succeeded(own.program(built, project, ["save"]))).toMatchObject({ stderr: "" });
      expect(await restored(own)).toBe(all);
      expect(checkGoCache(built.gocache)).toEqual(SOUND);
    };
    return { machine: built, team: own, check };
  }));
