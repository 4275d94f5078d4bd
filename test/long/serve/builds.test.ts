/** Builds of many modules through one server, on machines without the standard library. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, setDefaultTimeout, test } from "bun:test";
import { buildSeedConnect, linked, ServerTeam } from "../../e2e/serve/server-team.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

const NAMES = Array.from({ length: 20 }, (_, index) => `m${index}`);

let s3: S3Server;
let dir: TempDir;
let team: ServerTeam;

beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(async () => await s3[Symbol.asyncDispose]());
beforeEach(() => {
  dir = tempDir("builds");
  team = new ServerTeam(dir, s3);
});
afterEach(() => dir[Symbol.dispose]());

test("twenty builds of different modules at once, with two releases, over a port and a socket", async () => {
  await team.fill("linked", NAMES, linked);
  for (const plugin of ["0", dir.join("server.sock")])
    await team.expectShared("linked", NAMES, linked, { plugin });
});

test("the same through bridges that only pass bytes on, first over the port, then over the socket", async () => {
  const bridged = await buildSeedConnect(dir);
  await team.fill("bridged", NAMES, bridged);
  await team.expectShared("bridged", NAMES, bridged, { plugin: dir.join("server.sock") });
});

describe("a server that ends in the middle of builds, including those of the standard library", () => {
  test.each(["SIGKILL", "SIGTERM"] as const)("by %s fails none, and nothing is lost", async (signal) =>
    team.expectNothingLost(signal),
  );
});
