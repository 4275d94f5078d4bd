/** `explain` names the reason for which a test made lookups miss. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Explanation } from "../../../src/app/explain/explain.ts";
import { formatPublicKey } from "../../../src/lib/text/ed25519-text.ts";
import { binaryPath, gocacheprog } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { freePort } from "../../support/free-port.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, type GoMachine, go, goEnv } from "../../support/go-toolchain.ts";
import { type Machine, newMachine } from "../../support/machine.ts";
import { run } from "../../support/process.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { nativeMachine, warmMachine } from "../../support/warm-machine.ts";
import { keygen } from "../trust/trusted-team.ts";
import { githubPush, runStep } from "./github-job.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const PACKAGES = 4;

let dir: TempDir;
let project: string;
let machines = 0;

beforeAll(() => {
  dir = tempDir("explain");
  project = chainModule(dir.join("project"), { name: "explained", count: PACKAGES });
});
afterAll(() => dir[Symbol.dispose]());

/** A machine with the standard library on its disk, and nothing of the project. */
async function machine(env: Record<string, string>, bucket?: string): Promise<Machine> {
  machines++;
  const flags = bucket === undefined ? [] : [`--bucket=file://${dir.join(bucket)}`];
  return await warmMachine(dir.join(`machine-${machines}`), { flags, env, trimpath: true });
}

/** Returns the number of compiled packages. */
async function build(on: Machine, what = `./p${PACKAGES - 1}`): Promise<number> {
  const outcome = await go(on, ["build", "-x", "-trimpath", what], { cwd: project });
  await settled(on);
  expect(outcome.exitCode).toBe(0);
  return countCompiles(outcome);
}

function flagsOf({ cacheprog = "" }: Machine): string[] {
  return cacheprog.split(" ").slice(1);
}

async function explain(on: Machine): Promise<Explanation> {
  return JSON.parse(await runStep(on, ["explain", "--json", ...flagsOf(on)], project)) as Explanation;
}

/** The groups of those misses that go has compiled, by reason. */
function compiledByReason({ groups }: Explanation): Record<string, number> {
  return Object.fromEntries(
    groups.filter((group) => group.compiled > 0).map(({ why, compiled: count }) => [why, count]),
  );
}

test("there is nothing to explain before the first miss", async () => {
  const on = newMachine(dir.join("fresh"));
  expect(await runStep(on, ["explain"], project)).toBe("no go command with misses is known here\n");
  expect(await runStep(on, ["explain", "--json"], project)).toBe("null\n");
});

test("never seen: a first build, with and without a bucket", async () => {
  const local = await machine(githubPush("main", 1));
  expect(await build(local)).toBe(PACKAGES);
  const alone = await explain(local);
  expect(compiledByReason(alone)).toEqual({ new: expect.any(Number) });
  expect([alone.session.hasRemote, alone.problem]).toEqual([false, undefined]);
  const shared = await machine(githubPush("main", 1), "first");
  expect(await build(shared)).toBe(PACKAGES);
  const first = await explain(shared);
  expect(compiledByReason(first)).toEqual({ new: expect.any(Number) });
  expect([first.session.hasRemote, first.problem]).toEqual([true, undefined]);
  expect(first.session.scope).toMatchObject({
    project: "example.com/explained",
    branch: "main",
    job: "ci/build",
  });
  const text = (await runStep(shared, ["explain", ...flagsOf(shared)], project)).replaceAll("\n", " ");
  expect(text).toContain("never seen before");
  expect(text).toContain("directory are new (without -trimpath, the paths of the checkout");
  expect(text).toContain(
    'neither the package nor the changed input: "go build -v ./..." lists what it compiles',
  );
});

test("in CI all go commands of the job are explained, elsewhere the last one", async () => {
  const on = await machine(githubPush("main", 20));
  await build(on, "./p0");
  await build(on);
  const job = await explain(on);
  expect([compiledByReason(job), job.goCommands]).toEqual([{ new: expect.any(Number) }, 2]);
  expect(compiledByReason(job).new).toBeGreaterThanOrEqual(PACKAGES);
  expect(await runStep(on, ["explain"], project)).toContain("in the 2 go commands of this job with misses");
  const { env: _, ...elsewhere } = on;
  const last = await explain(elsewhere);
  expect([last.goCommands, last.session.missed < job.session.missed]).toEqual([undefined, true]);
});

test("without go's bucket, the reason of a miss is undecided", async () => {
  const on = await machine(githubPush("main", 1), "without");
  await build(on);
  const { cacheprog: _, ...bare } = on;
  const explained = JSON.parse(await runStep(bare, ["explain", "--json"], project)) as Explanation;
  expect(compiledByReason(explained)).toEqual({ undecided: expect.any(Number) });
  expect(explained.problem).toContain("set --bucket as for go");
});

test("seen elsewhere: entries of another branch, after gc has removed its additions", async () => {
  await build(await machine(githubPush("feature-a", 2), "branches"));
  // gc removes them after three days.
  rmSync(dir.join("branches", "packed", "v1", "new"), { recursive: true });
  const on = await machine(githubPush("feature-b", 3), "branches");
  expect(await build(on)).toBe(PACKAGES);
  const { groups } = await explain(on);
  const group = groups.find(({ why }) => why === "elsewhere");
  expect(group?.compiled).toBeGreaterThanOrEqual(PACKAGES);
  expect(group?.details).toEqual([{ what: "branch feature-a, job ci/build", count: group?.count as number }]);
});

test("evicted: packs that were removed from the bucket", async () => {
  await build(await machine(githubPush("main", 4), "gone"));
  rmSync(dir.join("gone", "packed", "v1", "pack"), { recursive: true });
  const on = await machine(githubPush("main", 5), "gone");
  expect(await build(on)).toBe(PACKAGES);
  const { groups } = await explain(on);
  const group = groups.find(({ why }) => why === "evicted");
  expect(group?.compiled).toBeGreaterThanOrEqual(PACKAGES);
  expect(group?.details[0]?.what).toContain("its pack is gone");
});

test("evicted: entries that only an older run of this job has used", async () => {
  await build(await machine(githubPush("main", 6), "older"));
  // The second run is complete when a third one begins, and uses nothing of the first. It is much the largest, however
  // many entries go puts for a package: that varies.
  for (const [run, count] of [
    [7, 8 * PACKAGES],
    [8, PACKAGES],
  ] as const) {
    for (let n = 0; n < count; n++) {
      mkdirSync(join(project, `q${run}`, `n${n}`), { recursive: true });
      writeFileSync(join(project, `q${run}`, `n${n}`, "n.go"), `package n${n}\n`);
    }
    await build(await machine(githubPush("main", run), "older"), `./q${run}/...`);
  }
  const on = await machine(githubPush("main", 9), "older");
  expect(await build(on)).toBe(PACKAGES);
  const { groups } = await explain(on);
  const group = groups.find(({ why }) => why === "evicted");
  expect(group?.compiled).toBeGreaterThanOrEqual(PACKAGES);
  expect(group?.details[0]?.what).toContain("a record of this job names it");
});

test("evicted: entries that were pruned from this disk", async () => {
  const on = await machine(githubPush("main", 10));
  await build(on);
  const old = Date.now() / 1000 - 100 * 3_600;
  for (const kind of ["action", "output"]) {
    for (const name of filesBelow(join(on.cacheDir, kind)))
      utimesSync(join(on.cacheDir, kind, name), old, old);
  }
  await runStep(on, ["prune", "--expiry=48h"], project);
  expect(await build(on)).toBeGreaterThanOrEqual(PACKAGES);
  const { groups } = await explain(on);
  const group = groups.find(({ why }) => why === "evicted");
  expect(group?.compiled).toBeGreaterThanOrEqual(PACKAGES);
  expect(group?.details[0]?.what).toContain("removed from this disk");
});

test("the bucket: one that does not answer", async () => {
  const on = await machine({
    ...githubPush("main", 11),
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
    GOCACHE_S3_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}`,
    GOCACHE_S3_BUCKET: "nowhere",
    GOCACHE_S3_PATH_STYLE: "true",
    GOCACHE_S3_REGION: "us-east-1",
  });
  expect(await build(on)).toBe(PACKAGES);
  const explained = await explain(on);
  expect(Object.keys(compiledByReason(explained))).toEqual(["remote"]);
  const whats = explained.groups[0]?.details.map(({ what }) => what).join();
  expect(whats).toContain("failed or took too long");
  expect(whats).toContain("bypassed: it had failed or not answered");
});

test("refused: records without a signature of a trusted key", async () => {
  await build(await machine(githubPush("main", 12), "trust"));
  const key = await keygen(dir.join("sign.key"));
  const env = { ...githubPush("main", 13), GOCACHE_TRUST_KEYS: formatPublicKey(key.publicKey) };
  const on = await machine(env, "trust");
  expect(await build(on)).toBeGreaterThanOrEqual(PACKAGES);
  const { groups } = await explain(on);
  const group = groups.find(({ why }) => why === "refused");
  expect(group?.compiled).toBeGreaterThanOrEqual(PACKAGES);
  expect(group?.details[0]?.what).toBe("branch main, job ci/build");
});

test("go's own cache is not explained, but what is known is said; not so after a go command with misses", async () => {
  const bucket = `--bucket=file://${dir.join("native")}`;
  const env = githubPush("main", 70);
  const native: GoMachine = { ...(await nativeMachine(dir.join("native-machine"))), env };
  const args = ["exec", bucket, "--", "go", "build", "-o", "/dev/null", "./..."];
  const outcome = await run([binaryPath(), ...args], { cwd: project, env: await goEnv(native) });
  expect(outcome.exitCode).toBe(0);
  const text = await runStep(native, ["explain", bucket], project);
  expect(text).toMatch(/^0\.0 % of the entries used were stored before \(0 of \d+\)\n/);
  expect(text).toContain("To have misses explained, run the job\nonce with GOCACHEPROG.");
  expect(JSON.parse(await runStep(native, ["explain", "--json", bucket], project))).toEqual({
    native: expect.objectContaining({ saves: 1 }),
  });
  const helped: GoMachine = { ...native, cacheprog: gocacheprog(bucket) };
  expect((await go(helped, ["vet", "./..."], { cwd: project })).exitCode).toBe(0);
  await settled(helped);
  expect(await runStep(native, ["explain", bucket], project)).toContain(
    "lookups missed in the only go command",
  );
});
