/** What the last run of a job used is there before go asks for it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { binaryPath } from "../../support/binary.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, go, goEnv, metricsOf } from "../../support/go-toolchain.ts";
import type { Machine } from "../../support/machine.ts";
import { run } from "../../support/process.ts";
import { settled } from "../../support/settled.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

async function prefetch(machine: Machine, team: PackedTeam, cwd: string, ...flags: string[]) {
  const { GOCACHEPROG: _, ...env } = await goEnv(machine);
  const argv = [binaryPath(), "prefetch", `--bucket=file://${team.bucket}`, ...flags];
  return await run(argv, { cwd, env });
}

test("brings everything before go starts, with --wait", async () => {
  using dir = tempDir("prefetch");
  const team = new PackedTeam(dir.path);
  const project = chainModule(dir.join("project"), { name: "prefetch", count: 3 });
  await team.build(team.newMachine(), project);
  const machine = team.newMachine({ GOCACHE_METRICS: "json" });
  const outcome = await prefetch(machine, team, project, "--wait");
  expect(outcome).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+ entries are here, [\d.]+ [KM]iB fetched\n$/),
    stderr: "",
  });
  const build = await go(machine, ["build", "-x", "-trimpath", "-o", "/dev/null", "./..."], { cwd: project });
  const { get_remote_hit = 0, prefetch_bytes = 0 } = metricsOf(build);
  const seen = { exitCode: build.exitCode, compiles: countCompiles(build), get_remote_hit, prefetch_bytes };
  expect(seen).toEqual({ exitCode: 0, compiles: 0, get_remote_hit: 0, prefetch_bytes: 0 });
});

test("returns at once and goes on behind", async () => {
  using dir = tempDir("prefetch");
  const team = new PackedTeam(dir.path);
  const project = chainModule(dir.join("project"), { name: "prefetch", count: 3 });
  await team.build(team.newMachine(), project);
  const machine = team.newMachine();
  expect(await prefetch(machine, team, project)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  await settled(machine);
  expect(await team.build(machine, project)).toBe(0);
});

test("an unknown job has nothing to fetch", async () => {
  using dir = tempDir("prefetch");
  const team = new PackedTeam(dir.path);
  const project = chainModule(dir.join("project"), { name: "prefetch", count: 1 });
  const outcome = await prefetch(team.newMachine(), team, project, "--wait");
  expect(outcome).toEqual({ exitCode: 0, stdout: "no run of this job is known yet\n", stderr: "" });
});

test("the split layout has nothing to fetch ahead", async () => {
  using dir = tempDir("prefetch");
  const team = new PackedTeam(dir.path);
  const outcome = await prefetch(team.newMachine(), team, dir.path, "--layout=split");
  expect({ exitCode: outcome.exitCode, stdout: outcome.stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(outcome.stderr).toStartWith('go-cache-plugin: "prefetch" needs --layout=packed or both');
});
