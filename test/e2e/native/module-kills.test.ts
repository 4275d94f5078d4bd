/** Ends that come too early while modules are restored or saved. SIGKILL at random moments: the longer suite. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { s3Flags } from "../../support/binary.ts";
import type { GoMachine } from "../../support/go-toolchain.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { killAt, MOMENTS_OF_RESTORE, MOMENTS_OF_SAVE, type Site } from "./kill-moments.ts";
import { ModuleTeam, ONLY, randomText, WHOLE } from "./module-team.ts";
import { QUIET } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let s3: S3Server;
let team: ModuleTeam;
let site: Site;
/** Its modules are in the bucket. */
let full: GoMachine;

beforeAll(async () => {
  dir = tempDir("module-kills");
  s3 = await startS3Server();
  team = await ModuleTeam.open(dir.path, { text: randomText(4 << 20) });
  site = { team, s3, project: team.project };
  full = await team.fullMachine();
  expect(await command(full, ["save"])).toMatchObject(QUIET);
});
afterAll(async () => {
  await team[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function command(machine: GoMachine, [name = "", ...args]: string[]) {
  return await team.command(machine, [name, ...s3Flags(s3, { layout: "packed" }), ...args], s3.env);
}

test.each(MOMENTS_OF_RESTORE)(
  "restore, killed when it %s, leaves right modules, and another one fills in the rest",
  async (_, moment, part) => {
    const machine = team.bareMachine();
    const isTime = () => {
      const { taken, unfinished } = team.check(machine);
      return taken.size + unfinished.length >= part;
    };
    await killAt(site, machine, ["restore", ONLY], { ...moment, isTime });
    const left = team.check(machine);
    expect(left.wrong).toEqual([]);
    expect(left.taken.size).toBeLessThan(WHOLE.taken.size);
    expect(await command(machine, ["restore"])).toMatchObject(QUIET);
    // What the killed one left lies there for an hour.
    expect(team.check(machine)).toEqual({ ...WHOLE, unfinished: left.unfinished });
    expect(await team.load(machine)).toMatchObject(QUIET);
  },
);

test.each(MOMENTS_OF_SAVE)(
  "save, killed when it %s, leaves a sound bucket, and another one brings the rest",
  async (what, moment) => {
    const prefix = `--prefix=${what.replaceAll(" ", "-")}`;
    const restored = async () => {
      const machine = team.bareMachine();
      expect(await command(machine, ["restore", prefix])).toMatchObject(QUIET);
      return team.check(machine);
    };
    await killAt(site, full, ["save", ONLY, prefix], moment);
    expect((await restored()).wrong).toEqual([]);
    expect(await command(full, ["save", prefix])).toMatchObject(QUIET);
    expect(await restored()).toEqual(WHOLE);
  },
);
