/** Ends that come too early while go's own cache is filled or read out. SIGKILL at random moments: the longer suite. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { libraryModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { during, killAt, MOMENTS_OF_RESTORE, MOMENTS_OF_SAVE } from "./kill-moments.ts";
import { checkGoCache, NativeTeam, QUIET, SOUND, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let s3: S3Server;
let team: NativeTeam;
let project: string;
/** Its entries are in the bucket, in one pack. */
let built: GoMachine;
let all: number;

beforeAll(async () => {
  dir = tempDir("native-kills");
  s3 = await startS3Server();
  team = new NativeTeam(dir.path);
  project = libraryModule(dir.join("project"), "killed");
  built = team.newMachine();
  await succeeded(go(built, ["build", "-trimpath", "./..."], { cwd: project }));
  await succeeded(command(built, ["save"]));
  all = checkGoCache(built.gocache).entries;
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function command(machine: GoMachine, [name = "", ...rest]: string[], endpoint = s3.endpoint) {
  const flags = s3Flags(s3, { layout: "packed", endpoint });
  return await team.program(machine, project, [name, ...flags, ...rest], s3.env);
}

test.each(MOMENTS_OF_RESTORE)(
  "restore, killed when it %s, leaves right files, and another one fills in the rest",
  async (_, moment, part) => {
    const machine = team.newMachine();
    const outputs = () => filesBelow(machine.gocache).filter((name) => name.endsWith("-d")).length;
    await killAt({ team, s3, project }, machine, ["restore"], { ...moment, isTime: () => outputs() >= part });
    const left = checkGoCache(machine.gocache);
    expect(left.wrong).toEqual([]);
    expect(left.entries).toBeLessThan(all);
    expect(await command(machine, ["restore"])).toMatchObject(QUIET);
    expect(checkGoCache(machine.gocache)).toMatchObject({ entries: all, wrong: [] });
  },
);

test.each(MOMENTS_OF_SAVE)(
  "save, killed when it %s, leaves a sound bucket, and another one brings the rest",
  async (what, moment) => {
    const prefix = `--prefix=${what.replaceAll(" ", "-")}`;
    const restored = async () => {
      const machine = team.newMachine();
      expect(await command(machine, ["restore", prefix])).toMatchObject(QUIET);
      const state = checkGoCache(machine.gocache);
      expect(state).toEqual(SOUND);
      return state.entries;
    };
    await killAt({ team, s3, project }, built, ["save", prefix], moment);
    await restored();
    expect(await command(built, ["save", prefix])).toMatchObject(QUIET);
    expect(await restored()).toBe(all);
  },
);

test("save ends at --drain-timeout while an upload hangs, says so, and another one brings the rest", async () => {
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  const { at, fault } = during("PUT", /[/]pack[/]/);
  proxy.fail(at, fault);
  const args = ["save", "--prefix=drained"];
  expect(await command(built, [...args, "--drain-timeout=1s"], proxy.endpoint)).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/; not all could be saved\n$/),
    stderr: expect.stringMatching(/^go-cache-plugin: remote cache s3:.*: --drain-timeout was over\n$/),
  });
  const { stdout, stderr } = await command(built, args);
  expect([stdout, stderr]).toEqual([expect.stringMatching(/ uploaded\n$/), ""]);
});
