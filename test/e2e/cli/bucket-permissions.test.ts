/** The commands on the whole bucket against a real S3 server that refuses some operations. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { DAY_MS, packOf, StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { s3Flags } from "../../support/binary.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { type SeenRequest, s3Error } from "../../support/faults.ts";
import { s3Client } from "../../support/s3-objects.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

let server: S3Server;
let proxy: FaultProxy;

beforeAll(async () => {
  server = await startS3Server();
  proxy = await FaultProxy.start({ target: server.endpoint });
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function runOn(prefix: string, command: string, ...flags: string[]) {
  await using cache = tempDir("permissions");
  const bucketFlags = s3Flags(server, { prefix, endpoint: proxy.endpoint });
  const env = { ...server.env, GOCACHE_DIR: cache.path };
  return await runProgram([command, ...bucketFlags, ...flags], env);
}

/** Copies the directory's files into the S3 bucket, with their times. */
async function copyToServer(bucket: StockedBucket): Promise<void> {
  const client = s3Client(server);
  for (const key of bucket.objects) {
    const file = Bun.file(bucket.dir.join(key));
    await client.write(key, await file.bytes());
    const seconds = file.lastModified / 1000;
    utimesSync(join(server.dataDir, server.bucket, key), seconds, seconds);
  }
}

const isList = ({ method, path }: SeenRequest) => method === "GET" && /^\/[^/]*\/?$/.test(path);
const isGet = (request: SeenRequest) => request.method === "GET" && !isList(request);

describe("names a missing permission in one line, exit code 1:", () => {
  test.each([
    ["gc", isList, "s3:ListBucket"],
    ["inspect", isList, "s3:ListBucket"],
    ["verify", isList, "s3:ListBucket"],
    ["gc", isGet, "s3:GetObject"],
    ["verify", isGet, "s3:GetObject"],
    ["gc", ({ method }: SeenRequest) => method === "DELETE", "s3:DeleteObject"],
    ["gc", ({ method }: SeenRequest) => method === "PUT", "s3:PutObject"],
  ])("%s, %p, %s", async (command, when, permission) => {
    const prefix = `refused-${crypto.randomUUID()}`;
    using bucket = new StockedBucket(prefix);
    await bucket.run(await bucket.pack(["kept"]));
    await bucket.run(await bucket.pack(["old"]), { ageMs: 15 * DAY_MS, job: "old" });
    await copyToServer(bucket);
    proxy.fail(when, s3Error(403));
    const outcome = await runOn(prefix, command);
    proxy.heal();
    expect(outcome).toMatchObject({ stdout: expect.not.stringContaining("wrong"), exitCode: 1 });
    expect(outcome.stderr).toMatch(
      new RegExp(
        `^go-cache-plugin: access denied in s3://${server.bucket}, ${permission} is needed: S3 .*\n$`,
      ),
    );
  });
});

test("gc, inspect and verify work on S3", async () => {
  const prefix = "s3 +ö";
  using bucket = new StockedBucket(prefix);
  const kept = await bucket.pack(["kept"], 30 * DAY_MS);
  await bucket.run(kept, { branch: "feature/ü +%" });
  const gone = await bucket.pack(["gone"], 30 * DAY_MS);
  for (let run = 0; run < 30; run++) await bucket.run(gone, { run: String(run), ageMs: 15 * DAY_MS });
  await copyToServer(bucket);
  const collected = await runOn(prefix, "gc");
  expect(collected).toEqual({
    stdout: `s3://${server.bucket}/${prefix}/packed/v1/
records: removed 30 of runs and 0 of additions, 1 left
packs: removed 0 (0 B), 2 (26 B) left, 1 (13 B) of them unnamed
segments: removed 0 (0 B), 0 (0 B) left, 0 (0 B) of them unnamed
`,
    stderr: "",
    exitCode: 0,
  });
  const inspected = JSON.parse((await runOn(prefix, "inspect", "--json")).stdout);
  expect(inspected).toMatchObject({
    scopes: [{ branch: "feature/ü +%", packs: 1 }],
    totals: { runRecords: 1, unnamedPacks: { count: 1 } },
  });
  const id = kept[0]?.actionId.slice(0, 8) ?? "";
  expect((await runOn(prefix, "inspect", id)).stdout).toContain(bucket.keys.pack(packOf(kept[0])));
  const verified = await runOn(prefix, "verify");
  expect(verified.stdout).toEndWith(
    ": 1 records, 0 (0 B) segments, 2 (26 B) packs, 1 outputs in them\nnothing wrong\n",
  );
});
