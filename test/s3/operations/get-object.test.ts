import { describe, expect, test } from "bun:test";
import { getObject } from "../../../src/s3/operations/get-object.ts";
import { isBeyondEnd } from "../../../src/store/store-failure.ts";
import { rejection } from "../../support/rejection.ts";
import { type Scripted, scriptedServer } from "../../support/scripted-server.ts";
import { clientFor } from "../client-for-test.ts";

const RANGE = { offset: 3, length: 4 };
const TEN = "0123456789";

async function read(answer: Scripted, range?: { offset: number; length: number }): Promise<string> {
  await using server = await scriptedServer([answer]);
  const { client } = clientFor(server.endpoint);
  const object = await getObject(client, "key", { range });
  return await new Response(object?.body).text();
}

describe("a body that", () => {
  test("ends early errors and names the position", async () => {
    const error = await rejection(read({ body: TEN, cutAfterBytes: 4 }));
    expect(error).toMatchObject({ name: "S3Error", status: 200 });
    expect(String(error)).toMatch(/S3 get s3:..bucket.key: 200: body ended after [0-4] of 10 bytes$/);
  });

  test("is reset halfway errors and is not retried", async () => {
    await using server = await scriptedServer([{ body: TEN.repeat(100_000), cutAfterBytes: 500_000 }]);
    const { client } = clientFor(server.endpoint);
    const object = await getObject(client, "key");
    expect(await rejection(new Response(object?.body).bytes())).toMatchObject({ name: "S3Error" });
    expect(server.calls.length).toBe(1);
  });

  test("has no length is rejected: its end is unknown", async () => {
    const error = await rejection(read({ headers: { "content-length": "" }, body: TEN }));
    expect(String(error)).toContain("S3 get s3://bucket/key: 200: no Content-Length");
  });

  test("has chunks and no length is rejected", async () => {
    const headers = { "content-length": "", "transfer-encoding": "chunked" };
    const error = await rejection(read({ headers, body: "5\r\nhello\r\n0\r\n\r\n" }));
    expect(String(error)).toContain("no Content-Length");
  });

  test("is a page from another server is rejected", async () => {
    const error = await rejection(read({ headers: { etag: "" }, body: "<html>Sign in</html>" }));
    expect(String(error)).toContain("no ETag, so this is not S3's answer");
  });

  test("is declared as compressed is returned as stored", async () => {
    expect(await read({ headers: { "content-encoding": "gzip" }, body: TEN })).toBe(TEN);
  });
});

describe("a range", () => {
  test.each<[string, Scripted]>([
    ["of other bytes", { status: 206, headers: { "content-range": "bytes 0-3/10" }, body: "0123" }],
    ["that was cut short", { status: 206, headers: { "content-range": "bytes 3-5/6" }, body: "345" }],
    ["without Content-Range", { status: 206, body: "3456" }],
    [
      "with an invalid Content-Range",
      { status: 206, headers: { "content-range": "bytes */10" }, body: "3456" },
    ],
    ["of a whole object that is too short", { status: 200, body: "01234" }],
    ["of a whole object that is interrupted", { status: 200, body: TEN, cutAfterBytes: 5 }],
    [
      "that is interrupted",
      { status: 206, headers: { "content-range": "bytes 3-6/10" }, body: "3456", cutAfterBytes: 2 },
    ],
  ])("%s is an error", async (_, answer) => {
    expect(await rejection(read(answer, RANGE))).toMatchObject({ name: "S3Error" });
  });

  test.each<[string, Scripted]>([
    ["a part", { status: 206, headers: { "content-range": "bytes 3-5/6" }, body: "345" }],
    ["a whole object", { status: 200, body: "01234" }],
    ["a refusal", { status: 416, body: "<Error><Code>InvalidRange</Code></Error>" }],
  ])("that ends beyond the object is distinguished from other errors by %s", async (_, answer) => {
    expect(isBeyondEnd(await rejection(read(answer, RANGE)))).toBe(true);
    const other = { status: 206, headers: { "content-range": "bytes 0-3/10" }, body: "0123" };
    expect(isBeyondEnd(await rejection(read(other, RANGE)))).toBe(false);
  });

  test("that was not requested is an error", async () => {
    const answer = { status: 206, headers: { "content-range": "bytes 3-6/10" }, body: "3456" };
    expect(await rejection(read(answer))).toMatchObject({ name: "S3Error", status: 206 });
  });

  test("is cut out of the whole object if the server does not support ranges", async () => {
    expect(await read({ status: 200, body: TEN }, RANGE)).toBe("3456");
  });

  test("is requested in bytes", async () => {
    await using server = await scriptedServer([
      { status: 206, headers: { "content-range": "bytes 3-6/10", etag: '"e"' }, body: "3456" },
    ]);
    const { client } = clientFor(server.endpoint);
    const { body, ...object } = (await getObject(client, "key", { range: RANGE })) ?? {};
    expect(object).toEqual({ sizeBytes: 10, bodyBytes: 4, etag: '"e"', modifiedMs: 0 });
    expect(server.calls[0]?.headers.range).toBe("bytes=3-6");
    await body?.cancel();
  });
});

test("cancelled bodies free their connections", async () => {
  const chunk = new Uint8Array(1 << 20);
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
      // Bun's server sends chunks here, hence a range: its length is known in any case.
      return new Response(body, {
        status: 206,
        headers: { etag: '"e"', "content-range": "bytes 0-999999999/1000000000" },
      });
    },
  });
  const { client } = clientFor(server.url.href);
  // Bun allows 256 requests in flight: abandoned bodies would block the rest here.
  for (let i = 0; i < 300; i++) {
    const object = await getObject(client, "key", { range: { offset: 0, length: 1_000_000_000 } });
    const reader = object?.body.getReader();
    await reader?.read();
    await reader?.cancel();
  }
  await client.close();
});

test("an answer with headers larger than any server's is a failure", async () => {
  await using server = await scriptedServer([{ headers: { "x-endless": "a".repeat(4 << 20) } }]);
  const { client } = clientFor(server.endpoint);
  expect(await rejection(getObject(client, "a"))).toMatchObject({ name: "S3Error" });
});
