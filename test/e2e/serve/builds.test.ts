/** Real builds through one server. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { NEWEST_GO } from "../../support/go-toolchain.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { buildSeedConnect, linked, RELEASES, ServerTeam } from "./server-team.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

let s3: S3Server;
let dir: TempDir;

beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(async () => await s3[Symbol.asyncDispose]());
beforeEach(() => {
  dir = tempDir("builds");
});
afterEach(() => dir[Symbol.dispose]());

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `m${index}`);
}

test("eight builds of different modules at once, with two releases, over a port and then a socket", async () => {
  const team = new ServerTeam(dir, s3);
  await team.fill("linked", namesOf(8), linked, { warm: RELEASES });
  await using proxy = await FaultProxy.start({ target: s3.endpoint });
  const plugin = dir.join("server.sock");
  await team.expectShared("linked", namesOf(8), linked, { plugin, endpoint: proxy.endpoint });
  expect(Object.keys(proxy.counts.byMethod)).toContain("GET");
});

test("the same through bridges that only pass bytes on, first over the socket, then over the port", async () => {
  const bridged = await buildSeedConnect(dir);
  const team = new ServerTeam(dir, s3);
  await team.fill("bridged", namesOf(4), bridged, { plugin: dir.join("server.sock"), warm: RELEASES });
  await team.expectShared("bridged", namesOf(4), bridged);
});

describe("a server that ends in the middle of builds", () => {
  test.each(["SIGKILL", "SIGTERM"] as const)("by %s fails none, and nothing is lost", async (signal) =>
    new ServerTeam(dir, s3).expectNothingLost(signal, [NEWEST_GO]),
  );
});
