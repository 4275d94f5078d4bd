import { describe, expect, test } from "bun:test";
import { deleteObject } from "../../src/s3/operations/delete-object.ts";
import { getObject } from "../../src/s3/operations/get-object.ts";
import { headObject } from "../../src/s3/operations/head-object.ts";
import { listObjects } from "../../src/s3/operations/list-objects.ts";
import { putObject } from "../../src/s3/operations/put-object.ts";
import type { S3Error } from "../../src/s3/s3-error.ts";
import { rejection } from "../support/rejection.ts";
import { refusal, type Scripted, scriptedServer } from "../support/scripted-server.ts";
import { clientFor } from "./client-for-test.ts";

const OK: Scripted = { headers: { etag: '"e"' }, body: "hello" };
const BODY = new TextEncoder().encode("content");

/** The scope of the signature in the `Authorization` header. */
function scopeOf(call: { headers: Record<string, string> } | undefined): string | undefined {
  return /Credential=([^,]+),/.exec(call?.headers.authorization ?? "")?.[1];
}

describe("a transient failure is retried", () => {
  test.each<[string, Scripted]>([
    ["503 without a body", { status: 503 }],
    ["503 SlowDown", refusal(503, "SlowDown")],
    ["500 InternalError", refusal(500, "InternalError")],
    ["502 in HTML", { status: 502, headers: { "content-type": "text/html" }, body: "<html><br>Bad gateway" }],
    ["504", { status: 504, body: "\u0000\u0001" }],
    ["429", { status: 429, body: "slow down" }],
    ["400 RequestTimeout", refusal(400, "RequestTimeout")],
    ["409 ConditionalRequestConflict", refusal(409, "ConditionalRequestConflict")],
    ["a reset", "reset"],
    ["a reset in the answer to the refusal", { status: 503, body: "<Error><Code>Slow", cutAfterBytes: 8 }],
  ])("%s", async (_, fault) => {
    await using server = await scriptedServer([fault, OK]);
    const { client, counters, clock } = clientFor(server.endpoint);
    expect(await putObject(client, "key", BODY)).toBe("stored");
    expect(server.calls.map((call) => call.body.toString())).toEqual(["content", "content"]);
    expect(clock.sleptMs).toEqual([50]);
    expect(counters.snapshot()).toMatchObject({ s3_requests: 2, s3_requests_put: 2, s3_retries: 1 });
  });

  test("an interrupted listing", async () => {
    const listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
    await using server = await scriptedServer([{ body: listing, cutAfterBytes: 20 }, { body: listing }]);
    const { client } = clientFor(server.endpoint);
    const pages = await Array.fromAsync(listObjects(client, ""));
    expect(pages.map((page) => page.objects)).toEqual([[]]);
  });

  test("three attempts in all, with increasing delays", async () => {
    await using server = await scriptedServer([refusal(503, "SlowDown")]);
    const { client, clock } = clientFor(server.endpoint);
    const error = await rejection(getObject(client, "a/key"));
    expect(error).toMatchObject({ name: "S3Error", status: 503, code: "SlowDown" });
    expect(String(error)).toContain("S3 get s3://bucket/a/key: 503 SlowDown");
    expect([server.calls.length, clock.sleptMs]).toEqual([3, [50, 100]]);
  });

  test("no listening server", async () => {
    const server = await scriptedServer([OK]);
    await server[Symbol.asyncDispose]();
    const { client, clock, counters } = clientFor(server.endpoint);
    const error = await rejection(headObject(client, "key"));
    expect(error).toMatchObject({ name: "S3Error", status: undefined, cause: { code: "ECONNREFUSED" } });
    expect([clock.sleptMs.length, counters.get("s3_bytes_sent")]).toEqual([2, 0]);
  });
});

describe("a permanent failure is not retried", () => {
  test.each<[string, Scripted, Partial<S3Error>]>([
    ["403", refusal(403, "AccessDenied"), { status: 403, code: "AccessDenied" }],
    ["a wrong signature", refusal(403, "SignatureDoesNotMatch"), { code: "SignatureDoesNotMatch" }],
    ["a missing bucket", refusal(404, "NoSuchBucket"), { status: 404, code: "NoSuchBucket" }],
    ["416", refusal(416, "InvalidRange"), { status: 416, code: "InvalidRange" }],
    [
      "HTML",
      { status: 403, body: "<html><p>Blocked by policy</html>" },
      { status: 403, code: "AccessDenied" },
    ],
    ["an XML bomb", { status: 418, body: bomb() }, { status: 418 }],
    ["a body without end", { status: 418, body: "x".repeat(1_000_000) }, { status: 418 }],
  ])("%s", async (_, fault, expected) => {
    await using server = await scriptedServer([fault]);
    const { client, clock } = clientFor(server.endpoint);
    expect(await rejection(getObject(client, "key"))).toMatchObject({ name: "S3Error", ...expected });
    expect([server.calls.length, clock.sleptMs]).toEqual([1, []]);
  });

  test("a redirect without a region", async () => {
    await using server = await scriptedServer([
      { status: 307, headers: { location: "http://127.0.0.1:1/" } },
    ]);
    const { client } = clientFor(server.endpoint);
    expect(await rejection(headObject(client, "key"))).toMatchObject({ status: 307 });
  });
});

describe("absence", () => {
  test.each<[string, Scripted]>([
    ["404 NoSuchKey", refusal(404, "NoSuchKey")],
    ["404 with nothing more", { status: 404 }],
    ["404 in HTML", { status: 404, body: "<html>no</html>" }],
  ])("is %s", async (_, answer) => {
    await using server = await scriptedServer([answer]);
    const { client } = clientFor(server.endpoint);
    expect([await getObject(client, "key"), await headObject(client, "key")]).toEqual([undefined, undefined]);
    expect(await deleteObject(client, "key")).toBeUndefined();
  });

  test("is a refusal for a put with an etag", async () => {
    await using server = await scriptedServer([refusal(404, "NoSuchKey")]);
    const { client } = clientFor(server.endpoint);
    expect(await putObject(client, "key", BODY, { onlyIf: { etag: '"x"' } })).toBe("refused");
    expect(server.calls[0]?.headers).toMatchObject({ "if-match": '"x"' });
  });
});

describe("the region", () => {
  const elsewhere = "<Region>eu-west-1</Region>";

  test.each<[string, Scripted]>([
    ["301 and a header", { status: 301, headers: { "x-amz-bucket-region": "eu-west-1" } }],
    ["307 and a header", { status: 307, headers: { "x-amz-bucket-region": "eu-west-1" } }],
    ["400 and the body", refusal(400, "AuthorizationHeaderMalformed", elsewhere)],
  ])("that the server names with %s is used for signing and saved", async (_, redirect) => {
    await using server = await scriptedServer([redirect, OK]);
    const saved: string[] = [];
    const regionMemory = { load: () => undefined, save: (region: string) => saved.push(region) };
    const { client, clock } = clientFor(server.endpoint, { regionMemory });
    await putObject(client, "key", BODY);
    await putObject(client, "key", BODY);
    const regions = server.calls.map((call) => scopeOf(call)?.split("/")[2]);
    expect(regions).toEqual(["us-east-1", "eu-west-1", "eu-west-1"]);
    expect([saved, clock.sleptMs]).toEqual([["eu-west-1"], []]);
  });

  test("is followed once", async () => {
    const there = { status: 301, headers: { "x-amz-bucket-region": "eu-west-1" } };
    const back = { status: 301, headers: { "x-amz-bucket-region": "us-east-1" } };
    await using server = await scriptedServer([there, back, there, back]);
    const { client } = clientFor(server.endpoint);
    expect(await rejection(putObject(client, "key", BODY))).toMatchObject({ status: 301 });
    expect(server.calls.length).toBe(2);
  });

  test("is ignored if it could lead to another host", async () => {
    const evil = { status: 301, headers: { "x-amz-bucket-region": "evil.example/" } };
    await using server = await scriptedServer([evil]);
    const { client } = clientFor(server.endpoint);
    expect(await rejection(putObject(client, "key", BODY))).toMatchObject({ status: 301 });
    expect(server.calls.length).toBe(1);
  });
});

describe("a clock that is off", () => {
  const serverTime = new Date("2031-02-03T04:05:06Z");
  const date = serverTime.toUTCString();

  test.each<["put" | "head", Scripted]>([
    ["put", { ...(refusal(403, "RequestTimeTooSkewed") as object), headers: { date } }],
    ["head", { status: 403, headers: { date } }],
  ])("is corrected after a %s", async (operation, skewed) => {
    await using server = await scriptedServer([skewed, OK]);
    const { client } = clientFor(server.endpoint);
    if (operation === "put") await putObject(client, "key", BODY);
    else await headObject(client, "key");
    const stamps = server.calls.map((call) => call.headers["x-amz-date"]);
    expect([stamps.length, stamps[1]]).toEqual([2, "20310203T040506Z"]);
    expect(scopeOf(server.calls[1])).toContain("/20310203/");
  });
});

describe("an aborted call", () => {
  test("ends while the server does not answer", async () => {
    await using server = await scriptedServer(["hang"]);
    const { client } = clientFor(server.endpoint);
    const controller = new AbortController();
    const result = rejection(getObject(client, "key", { signal: controller.signal }));
    await server.nextCall();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await result).toBe(reason);
  });

  test("ends during a retry delay", async () => {
    await using server = await scriptedServer([{ status: 503 }]);
    const waiting = Promise.withResolvers<void>();
    const clock = {
      nowMs: () => Date.now(),
      sleep: () => {
        waiting.resolve();
        return new Promise<void>(() => {});
      },
    };
    const { client } = clientFor(server.endpoint, { clock });
    const controller = new AbortController();
    const result = rejection(getObject(client, "key", { signal: controller.signal }));
    await waiting.promise;
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await result).toBe(reason);
  });
});

test("requests share connections", async () => {
  const ports = new Set<number>();
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, self) {
      ports.add(self.requestIP(request)?.port ?? 0);
      return request.method === "GET"
        ? new Response("x".repeat(100_000), { headers: { etag: '"e"' } })
        : new Response(null, { status: 404 });
    },
  });
  const { client } = clientFor(server.url.href);
  for (let i = 0; i < 10; i++) {
    const object = await getObject(client, "key");
    await new Response(object?.body).bytes();
    await headObject(client, "absent");
    await deleteObject(client, "absent");
  }
  expect(ports.size).toBe(1);
  await client.close();
});

test("counts requests and the bytes of bodies", async () => {
  await using server = await scriptedServer([OK]);
  const { client, counters } = clientFor(server.endpoint);
  await putObject(client, "key", BODY);
  await new Response((await getObject(client, "key"))?.body).text();
  await headObject(client, "key");
  expect(counters.snapshot()).toEqual({
    s3_answers_get_200: 1,
    s3_answers_head_200: 1,
    s3_answers_put_200: 1,
    s3_bytes_received: 10,
    s3_bytes_sent: 7,
    s3_requests: 3,
    s3_requests_get: 1,
    s3_requests_head: 1,
    s3_requests_put: 1,
  });
});

test("an endpoint in the environment is used, S3's own first", async () => {
  await using server = await scriptedServer([OK]);
  const env = {
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
    AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    AWS_ENDPOINT_URL_S3: server.endpoint,
  };
  const { client } = clientFor("", { env });
  await headObject(client, "key");
  expect(server.calls.map((call) => call.target)).toEqual(["/bucket/key"]);
});

/** Ten billion characters if entities were expanded. */
function bomb(): string {
  const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join(
    "",
  );
  return `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "0123456789">${entities}]><Error><Code>&e9;</Code></Error>`;
}
