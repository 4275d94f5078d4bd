/**
 * A pull request's job reads the entries of the trusted job, and can't change any object that the trusted job reads.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { putPolicy } from "../../support/bucket-policy.ts";
import type { Machine } from "../../support/machine.ts";
import { keysBelow, s3Client } from "../../support/s3-objects.ts";
import { addUser, type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { buildAndRun, EVIL, GOOD, TrustedTeam } from "./trusted-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const MAIN = "main-job";
const PULL_REQUEST = "pull-request-job";

let dir: TempDir;
let server: S3Server;
let team: TrustedTeam;
let mainEnv: Record<string, string>;
let pullEnv: Record<string, string>;

beforeAll(async () => {
  dir = tempDir("pull-requests");
  server = await startS3Server({ users: true });
  mainEnv = await addUser(server, MAIN);
  pullEnv = await addUser(server, PULL_REQUEST);
  // The policy of docs/trust.md in this server's syntax, which has no condition on listed prefixes.
  await putPolicy(server, [
    [MAIN, ["ListBucket"]],
    [MAIN, ["GetObject", "PutObject", "DeleteObject"], "main/"],
    [PULL_REQUEST, ["ListBucket"]],
    [PULL_REQUEST, ["GetObject"], "main/"],
    [PULL_REQUEST, ["GetObject", "PutObject"], "pr/"],
  ]);
  team = await TrustedTeam.open(dir.path);
});
afterAll(async () => {
  dir[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

test.each(["packed", "split"])("two users with different rights, layout %s", async (layout) => {
  const main = () => job({ ...mainEnv, GOCACHE_KEY_PREFIX: `main/${layout}`, GOCACHE_LAYOUT: layout });
  const pull = () =>
    job({
      ...pullEnv,
      GOCACHE_KEY_PREFIX: `pr/${layout}`,
      GOCACHE_READ_PREFIXES: `main/${layout}`,
      GOCACHE_LAYOUT: layout,
    });
  // The trusted job has built. The pull request compiles only its own change, once.
  expect(await buildAndRun(main(), team.good)).toEqual({ exitCode: 0, says: GOOD, compiles: 2, helper: [] });
  const trusted = await snapshot("main/");
  expect(await buildAndRun(pull(), team.good)).toEqual({ exitCode: 0, says: GOOD, compiles: 0, helper: [] });
  expect((await buildAndRun(pull(), team.evil)).says).toBe(EVIL);
  expect((await buildAndRun(pull(), team.evil)).compiles).toBe(0);
  // The pull request's objects are below its own prefix, and the trusted job does not see them.
  expect((await keysBelow(server, `pr/${layout}`)).length).toBeGreaterThan(2);
  expect(await snapshot("main/")).toEqual(trusted);
  expect(await buildAndRun(main(), team.good)).toEqual({ exitCode: 0, says: GOOD, compiles: 0, helper: [] });
  // The server refuses writes of a pull request to the trusted prefix, and its build continues.
  const before = await snapshot("main/");
  const bold = await buildAndRun(
    job({ ...pullEnv, GOCACHE_KEY_PREFIX: `main/${layout}`, GOCACHE_LAYOUT: layout }),
    team.evil,
  );
  expect([bold.exitCode, bold.says]).toEqual([0, EVIL]);
  expect(await snapshot("main/")).toEqual(before);
});

test("a user who may not list a further prefix continues without it", async () => {
  const env = { ...pullEnv, GOCACHE_KEY_PREFIX: "pr/alone", GOCACHE_READ_PREFIXES: "secret" };
  expect(await buildAndRun(job(env), team.good)).toEqual({
    exitCode: 0,
    says: GOOD,
    compiles: 2,
    helper: [],
  });
  expect((await buildAndRun(job(env), team.good)).compiles).toBe(0);
});

/** A machine of a job: warm, except for the program. */
function job(env: Record<string, string>): Machine {
  const machine = team.anybody();
  const { endpoint, bucket } = server;
  Object.assign(machine.env ?? {}, { ...env, GOCACHE_S3_ENDPOINT_URL: endpoint, GOCACHE_S3_PATH_STYLE: "1" });
  machine.cacheprog = machine.cacheprog?.replace(/--bucket=\S+/, `--bucket=${bucket}`);
  return machine;
}

/** Keys and contents. */
async function snapshot(prefix: string): Promise<[string, string][]> {
  const client = s3Client(server);
  const keys = await keysBelow(server, prefix);
  return await Promise.all(
    keys.map(
      async (key) => [key, Bun.hash(await client.file(key).arrayBuffer()).toString()] as [string, string],
    ),
  );
}
