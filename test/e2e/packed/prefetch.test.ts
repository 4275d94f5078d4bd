/** The entries of a job's last run are fetched before go looks them up. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { eventually } from "../../support/eventually.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, go, goEnv, metricsOf } from "../../support/go-toolchain.ts";
import type { Machine } from "../../support/machine.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { run } from "../../support/process.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

async function prefetch(machine: Machine, team: PackedTeam, cwd: string, ...flags: string[]) {
  const { GOCACHEPROG: _, ...env } = await goEnv(machine);
  const argv = [binaryPath(), "prefetch", `--bucket=file://${team.bucket}`, ...flags];
  return await run(argv, { cwd, env });
}

let dir: TempDir;
/** Its bucket has the entries of `project`, including those of the runtime. */
let team: PackedTeam;
let project: string;

beforeAll(async () => {
  dir = tempDir("prefetch");
  team = new PackedTeam(dir.path);
  project = chainModule(dir.join("project"), { name: "prefetch", count: 3 });
  await team.build(await team.warmMachine(), project);
});
afterAll(() => dir[Symbol.dispose]());

test("fetches everything before go starts, with --wait", async () => {
  const machine = team.newMachine({ GOCACHE_METRICS: "json" });
  const outcome = await prefetch(machine, team, project, "--wait");
  expect(outcome).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+ entries are local, [\d.]+ [KM]iB fetched\n$/),
    stderr: "",
  });
  const build = await go(machine, ["build", "-x", "-trimpath", "-o", "/dev/null", "./..."], { cwd: project });
  const { get_remote_hit = 0, prefetch_bytes = 0 } = metricsOf(build);
  const seen = { exitCode: build.exitCode, compiles: countCompiles(build), get_remote_hit, prefetch_bytes };
  expect(seen).toEqual({ exitCode: 0, compiles: 0, get_remote_hit: 0, prefetch_bytes: 0 });
});

test("returns at once and continues in the background", async () => {
  const machine = team.newMachine();
  expect(await prefetch(machine, team, project)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  await settled(machine);
  expect(await team.build(machine, project)).toBe(0);
});

test("an unknown job has nothing to fetch", async () => {
  const stranger = new PackedTeam(dir.join("stranger"));
  const outcome = await prefetch(stranger.newMachine(), stranger, project, "--wait");
  expect(outcome).toEqual({ exitCode: 0, stdout: "no earlier run of this job is known\n", stderr: "" });
});

test("the split layout has nothing to prefetch", async () => {
  const outcome = await prefetch(team.newMachine(), team, dir.path, "--layout=split");
  expect({ exitCode: outcome.exitCode, stdout: outcome.stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(outcome.stderr).toStartWith('go-cache-plugin: "prefetch" needs --layout=packed or both');
});

test("a server in CI prefetches the entries of the job's last run as soon as it starts", async () => {
  const job = {
    GITHUB_ACTIONS: "true",
    GITHUB_JOB: "test",
    GITHUB_REF_NAME: "main",
    GITHUB_REF_TYPE: "branch",
  };
  await team.build(await team.warmMachine({ ...job, GITHUB_RUN_ID: "1" }), project);
  // It has exactly the entries that a run used.
  const first = team.newMachine({ ...job, GITHUB_RUN_ID: "2" });
  expect(await team.build(first, project)).toBe(0);
  await using server = await startPluginServer({
    cacheDir: dir.join("second"),
    flags: [`--bucket=file://${team.bucket}`],
    env: { ...job, GITHUB_RUN_ID: "3" },
    cwd: project,
  });
  const entries = (cacheDir: string) => filesBelow(join(cacheDir, "action"));
  await eventually("all entries", () => entries(dir.join("second")).length >= entries(first.cacheDir).length);
  expect(entries(dir.join("second"))).toEqual(entries(first.cacheDir));
  expect((await server.stop()).exitCode).toBe(0);
});
