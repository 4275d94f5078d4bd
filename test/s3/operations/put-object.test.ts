import { describe, expect, test } from "bun:test";
import { truncateSync, writeFileSync } from "node:fs";
import { headObject } from "../../../src/s3/operations/head-object.ts";
import { putObject } from "../../../src/s3/operations/put-object.ts";
import { rejection } from "../../support/rejection.ts";
import { refusal, scriptedServer } from "../../support/scripted-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { clientFor } from "../client-for-test.ts";

const HELLO_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const HELLO = new TextEncoder().encode("hello");

describe("the signed hash", () => {
  test("is the hash of the bytes", async () => {
    await using server = await scriptedServer([{}]);
    await putObject(clientFor(server.endpoint).client, "key", HELLO);
    expect(server.calls[0]?.headers["x-amz-content-sha256"]).toBe(HELLO_SHA256);
  });

  test("is the hash of the file", async () => {
    await using dir = tempDir("put");
    await using server = await scriptedServer([{}]);
    writeFileSync(dir.join("file"), "hello");
    await putObject(clientFor(server.endpoint).client, "key", { path: dir.join("file"), sizeBytes: 5 });
    expect(server.calls[0]).toMatchObject({
      headers: { "x-amz-content-sha256": HELLO_SHA256, "content-length": "5" },
    });
  });

  test("is the caller's if given", async () => {
    await using server = await scriptedServer([{}]);
    await putObject(clientFor(server.endpoint).client, "key", HELLO, { sha256: "f".repeat(64) });
    expect(server.calls[0]?.headers["x-amz-content-sha256"]).toBe("f".repeat(64));
  });
});

test("a page from another server is no success", async () => {
  await using server = await scriptedServer([{ headers: { etag: "" }, body: "<html>Sign in</html>" }]);
  const error = await rejection(putObject(clientFor(server.endpoint).client, "key", HELLO));
  expect(String(error)).toContain("no ETag, so this is not S3's answer");
});

describe("a file", () => {
  test("is sent again from its start by the next attempt", async () => {
    await using dir = tempDir("put");
    await using server = await scriptedServer([refusal(503, "SlowDown"), "reset", {}]);
    writeFileSync(dir.join("file"), "hello");
    const { client, counters } = clientFor(server.endpoint);
    await putObject(client, "key", { path: dir.join("file"), sizeBytes: 5 });
    expect(server.calls.map((call) => call.body.toString())).toEqual(["hello", "hello", "hello"]);
    expect(counters.get("s3_bytes_sent")).toBe(15);
  });

  test("that is shorter than its size fails without retries", async () => {
    await using dir = tempDir("put");
    await using server = await scriptedServer([{}]);
    writeFileSync(dir.join("file"), "hello");
    const body = { path: dir.join("file"), sizeBytes: 9 };
    const { client, clock } = clientFor(server.endpoint);
    const error = await rejection(putObject(client, "key", body, { sha256: HELLO_SHA256 }));
    expect(String(error)).toMatch(/S3 put s3:..bucket.key: .*can't be read beyond 5 of 9 bytes/);
    expect(clock.sleptMs).toEqual([]);
  });

  test.each(["http", "https"])("of 256 MiB is never buffered whole when sent over %s", async (scheme) => {
    await using dir = tempDir("put");
    writeFileSync(dir.join("file"), "");
    truncateSync(dir.join("file"), 256 * 1024 * 1024);
    const child = Bun.spawn([process.execPath, require.resolve("../upload-child.ts"), scheme, dir.path], {
      env: { PATH: process.env.PATH ?? "" },
      stdout: "pipe",
      stderr: "inherit",
    });
    const { received, peakBytes } = JSON.parse(await new Response(child.stdout).text());
    expect(received).toBe(256 * 1024 * 1024);
    // Server and client run in one process; Bun alone needs 30 to 60 MiB.
    expect(peakBytes).toBeLessThan(200 * 1024 * 1024);
  });
});

test("after a lost answer, a refusal of the next attempt is returned", async () => {
  await using server = await scriptedServer(["reset", refusal(412, "PreconditionFailed")]);
  const { client } = clientFor(server.endpoint);
  expect(await putObject(client, "key", HELLO, { onlyIf: "absent" })).toBe("refused");
  expect(server.calls.map((call) => call.headers["if-none-match"])).toEqual(["*", "*"]);
});

test("a failed condition that was never set is a failure, since nothing was stored", async () => {
  await using server = await scriptedServer([refusal(412, "PreconditionFailed")]);
  const error = await rejection(putObject(clientFor(server.endpoint).client, "key", HELLO));
  expect(error).toMatchObject({ status: 412, code: "PreconditionFailed" });
});

test("secrets are in no message", async () => {
  await using server = await scriptedServer([refusal(403, "SignatureDoesNotMatch")]);
  const env = {
    AWS_ACCESS_KEY_ID: "AKIDTEST",
    AWS_SECRET_ACCESS_KEY: "hunter2",
    AWS_SESSION_TOKEN: "swordfish",
  };
  const error = await rejection(headObject(clientFor(server.endpoint, { env }).client, "key"));
  expect(Bun.inspect(error)).not.toMatch(/hunter2|swordfish/);
});
