import { expect } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { filesBelow, wrongOutputs } from "../../support/file-tree.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, go, metricsOf } from "../../support/go-toolchain.ts";
import { newMachine } from "../../support/machine.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { settled } from "../../support/settled.ts";
import type { TempDir } from "../../support/temp-dir.ts";
import { warmMachine } from "../../support/warm-machine.ts";

/** Expects that this many go commands at once, on an empty machine, fetch together what one of them would fetch. */
export async function fetchOnce(dir: TempDir, commands: number): Promise<void> {
  await using s3 = await startS3Server();
  await using proxy = await FaultProxy.start({ target: s3.endpoint, latencyMs: 20 });
  const flags = [
    ...s3Flags(s3, { layout: "packed", endpoint: proxy.endpoint }),
    "--metrics=json",
    "--remote-timeout=10m",
  ];
  const project = chainModule(dir.join("project"), { name: "crowd", count: 20 });
  const machine = (name: string) => newMachine(dir.join(name), { flags, env: s3.env });
  const first = await warmMachine(dir.join("first"), { trimpath: true, flags, env: s3.env });
  await go(first, ["build", "-trimpath", "./..."], { cwd: project });
  // It may upload after go has ended.
  await settled(first);
  proxy.resetCounts();
  const alone = machine("alone");
  await go(alone, ["build", "-trimpath", "./..."], { cwd: project });
  await settled(alone);
  const bytesOfOne = proxy.counts.bytesDown;
  proxy.resetCounts();
  const crowd = machine("crowd");
  const outcomes = await Promise.all(
    Array.from({ length: commands }, () =>
      go(crowd, ["build", "-trimpath", "-x", "./..."], { cwd: project }),
    ),
  );
  await settled(crowd);
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(Array(commands).fill(0));
  expect(wrongOutputs(crowd.cacheDir)).toEqual([]);
  const sum = (name: string) =>
    outcomes.reduce((total, outcome) => total + (metricsOf(outcome)[name] ?? 0), 0);
  const [packs, takenOver] = [sum("prefetch_bytes"), sum("claims_taken_over")];
  // On a very busy machine, waiting does not pay: a command counts a bypass and compiles.
  const patient = outcomes.filter((outcome) => {
    const { left_alone_slow = 0, left_alone_failing = 0 } = metricsOf(outcome);
    return left_alone_slow + left_alone_failing === 0;
  });
  console.log(JSON.stringify({ packs, bytesOfOne, takenOver, patient: patient.length }));
  expect(patient.filter((outcome) => countCompiles(outcome) > 0)).toEqual([]);
  // A helper that a busy machine stops for three seconds counts as dead, and its pack is fetched again.
  const largestPack = Math.max(...packSizes(s3));
  expect(packs).toBeLessThanOrEqual(1.2 * bytesOfOne + takenOver * largestPack);
}

/** Sizes of the packs in the bucket. */
function packSizes({ dataDir, bucket }: S3Server): number[] {
  const root = join(dataDir, bucket);
  const packs = filesBelow(root).filter((name) => name.includes("packed/v1/pack/"));
  return packs.map((name) => statSync(join(root, name)).size);
}
