/** Many helpers at once, and helpers that die. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { filesBelow, wrongOutputs } from "../../support/file-tree.ts";
import { chainModule, writeModule } from "../../support/go-project.ts";
import { countCompiles, go, metricsOf, startGo } from "../../support/go-toolchain.ts";
import { newMachine } from "../../support/machine.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { helpersOf, settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// A guard against hanging only.
setDefaultTimeout(600_000);

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("crowd");
});
afterEach(() => dir[Symbol.dispose]());

test("ten machines that end at the same time: the next one finds what all of them built", async () => {
  const team = new PackedTeam(dir.path);
  const names = Array.from({ length: 10 }, (_, index) => `q${index}`);
  const files = names.map((name) => [`${name}/q.go`, `package ${name}\n\nconst Name = "${name}"\n`]);
  const project = writeModule(dir.join("project"), "example.com/crowd", Object.fromEntries(files));
  const machines = names.map(() => team.newMachine());
  const outcomes = await Promise.all(
    machines.map((machine, index) => go(machine, ["build", "-trimpath", `./q${index}`], { cwd: project })),
  );
  expect(outcomes.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(10).fill([0, ""]));
  await Promise.all(machines.map(settled));
  expect(await team.build(team.newMachine(), project)).toBe(0);
});

test("twenty go commands at once on an empty machine fetch once", async () => {
  await using s3 = await startS3Server();
  await using proxy = await FaultProxy.start({ target: s3.endpoint, latencyMs: 20 });
  const flags = [
    ...s3Flags(s3, { layout: "packed", endpoint: proxy.endpoint }),
    "--metrics=json",
    "--remote-timeout=10m",
  ];
  const project = chainModule(dir.join("project"), { name: "twenty", count: 20 });
  const machine = (name: string) => newMachine(dir.join(name), { flags, env: s3.env });
  const first = machine("first");
  await go(first, ["build", "./..."], { cwd: project });
  // It may upload when go is gone.
  await settled(first);
  proxy.resetCounts();
  const alone = machine("alone");
  await go(alone, ["build", "./..."], { cwd: project });
  await settled(alone);
  const bytesOfOne = proxy.counts.bytesDown;
  proxy.resetCounts();
  const crowd = machine("crowd");
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => go(crowd, ["build", "-x", "./..."], { cwd: project })),
  );
  await settled(crowd);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array(20).fill(0));
  expect(wrongOutputs(crowd.cacheDir)).toEqual([]);
  const sum = (name: string) =>
    outcomes.reduce((total, outcome) => total + (metricsOf(outcome)[name] ?? 0), 0);
  const [packs, takenOver] = [sum("prefetch_bytes"), sum("claims_taken_over")];
  // Where a machine is so busy that waiting does not pay, a command says so and compiles.
  const patient = outcomes.filter((outcome) => {
    const { left_alone_slow = 0, left_alone_failing = 0 } = metricsOf(outcome);
    return left_alone_slow + left_alone_failing === 0;
  });
  console.log(JSON.stringify({ packs, bytesOfOne, takenOver, patient: patient.length }));
  expect(patient.filter((outcome) => countCompiles(outcome) > 0)).toEqual([]);
  // A helper that a busy machine stops for three seconds is taken for dead, and its pack is fetched again.
  const largestPack = Math.max(...packSizes(s3));
  expect(packs).toBeLessThanOrEqual(1.2 * bytesOfOne + takenOver * largestPack);
});

/** Sizes of the packs in the bucket. */
function packSizes({ dataDir, bucket }: S3Server): number[] {
  const root = join(dataDir, bucket);
  const packs = filesBelow(root).filter((name) => name.includes("packed/v1/pack/"));
  return packs.map((name) => statSync(join(root, name)).size);
}

test("what a helper that was killed has not uploaded is uploaded by the next one on that machine", async () => {
  const team = new PackedTeam(dir.path);
  const machine = team.newMachine();
  for (let round = 0; round < 10; round++) {
    const project = chainModule(dir.join(`project-${round}`), { name: `killed${round}`, count: 6 });
    await using victim = await startGo(machine, ["build", "./..."], { cwd: project });
    const startedMs = performance.now();
    // At some moment between the first output and a little after the last.
    while (performance.now() - startedMs < 150 + round * 120) await Bun.sleep(1);
    for (const pid of helpersOf(machine)) process.kill(pid, "SIGKILL");
    victim.signal("SIGKILL");
    await victim.outcome;
    await team.build(machine, project);
    expect(await team.build(team.newMachine(), project)).toBe(0);
  }
});
