import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { detectScope } from "../../../src/remote/scope/scope.ts";
import { Machine } from "../../remote/packed/packed-fixture.ts";
import { StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { sha256Hex } from "../../support/ids.ts";
import { CI_ENV } from "./native-team.ts";

/** A bucket in which somebody has put these outputs for the project, with records that are right in themselves. */
export async function modulesBucket(
  project: string,
  outputs: readonly (readonly [actionId: string, bytes: Buffer])[],
): Promise<StockedBucket> {
  const bucket = new StockedBucket("");
  using machine = new Machine(bucket);
  const ofJob = detectScope({
    env: CI_ENV,
    cwd: project,
    project: undefined,
    job: undefined,
    nowMs: Date.now(),
  });
  const session = machine.session({ scope: { ...ofJob, platform: "modules" }, hasJournal: false });
  for (const [actionId, bytes] of outputs) {
    const outputId = sha256Hex(bytes);
    const path = machine.dir.join(outputId);
    writeFileSync(path, bytes);
    machine.entry(bytes);
    session.put({ actionId, outputId, sizeBytes: bytes.length, putTimeMs: Date.now(), path });
  }
  expect(await session.finish(true)).toBe(true);
  return bucket;
}
