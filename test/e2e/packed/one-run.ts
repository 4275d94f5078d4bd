import { expect } from "bun:test";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { inlineEntries } from "../../remote/packed/made-record.ts";
import { s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { writeModule } from "../../support/go-project.ts";
import { countCompiles, go, helperLines } from "../../support/go-toolchain.ts";
import { newMachine } from "../../support/machine.ts";
import { keysBelow, s3Client } from "../../support/s3-objects.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { settled } from "../../support/settled.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** The number of go commands; 30 were used to size this. */
const COMMANDS = Number(process.env.PARALLEL_COMMANDS ?? 10);

/** A CI, where go waits for its uploads. */
const CI_ENV = { DRONE: "true", DRONE_BUILD_NUMBER: "7", DRONE_BRANCH: "main", DRONE_REPO_BRANCH: "main" };

async function entriesBelow(s3: S3Server, part: string): Promise<PackedEntry[]> {
  const keys = (await keysBelow(s3, "packed/")).filter((key) => key.includes(part));
  const bodies = keys.map(async (key) => new Uint8Array(await s3Client(s3).file(key).arrayBuffer()));
  return (await Promise.all(bodies)).flatMap((bytes) => inlineEntries(bytes));
}

/** Expects that the record of a run of many go commands has the entries of all of them. An upload takes `ms`. */
export async function recordOneRun(ms: number): Promise<void> {
  using dir = tempDir("one-run");
  await using s3 = await startS3Server();
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  const slow = {
    kind: "delay" as const,
    /** Read for each upload. */
    get until() {
      return Bun.sleep(ms);
    },
  };
  proxy.fail(({ method }) => method === "PUT", slow);
  const flags = s3Flags(s3, { layout: "packed", endpoint: proxy.endpoint });
  const machine = (name: string) => newMachine(dir.join(name), { flags, env: { ...s3.env, ...CI_ENV } });
  const names = Array.from({ length: COMMANDS }, (_, n) => `q${n}`);
  const files = names.map((name) => [`${name}/q.go`, `package ${name}\n\nconst Name = "${name}"\n`]);
  const project = writeModule(dir.join("project"), "example.com/parallel", Object.fromEntries(files));

  const busy = machine("busy");
  const outcomes = await Promise.all(
    names.map((name) => go(busy, ["build", "-trimpath", `./${name}`], { cwd: project })),
  );
  expect(outcomes.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(COMMANDS).fill([0, ""]));
  await settled(busy);

  const runKeys = (await keysBelow(s3, "packed/")).filter((key) => key.includes("/run/"));
  expect(runKeys).toHaveLength(1);
  const recorded = new Set((await entriesBelow(s3, "/run/")).map(({ actionId }) => actionId));
  const added = (await entriesBelow(s3, "/new/")).map(({ actionId }) => actionId);
  expect(added.length).toBeGreaterThanOrEqual(COMMANDS);
  const missing = added.filter((actionId) => !recorded.has(actionId));
  const runPuts = proxy.seen.filter(({ method, path }) => method === "PUT" && path.includes("/run/")).length;
  console.log(
    `${recorded.size} entries recorded, ${missing.length} missing, by ${runPuts} uploads of the record`,
  );
  expect(missing).toEqual([]);

  // Only the run's record locates the entries.
  for (const key of (await keysBelow(s3, "packed/")).filter((name) => /\/(new|head)\//.test(name)))
    await s3Client(s3).delete(key);
  proxy.heal();
  const other = machine("other");
  const again = await go(other, ["build", "-x", "-trimpath", "./..."], { cwd: project });
  expect([again.exitCode, countCompiles(again), helperLines(again)]).toEqual([0, 0, []]);
  await settled(other);
}
