import { describe, expect, test } from "bun:test";
import { listObjects } from "../../../src/s3/operations/list-objects.ts";
import { rejection } from "../../support/rejection.ts";
import { scriptedServer } from "../../support/scripted-server.ts";
import { clientFor } from "../client-for-test.ts";

function page(content: string, next?: string): { body: string; headers: Record<string, string> } {
  const token = next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
  const head = `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`;
  return {
    body: `${head}<IsTruncated>${next !== undefined}</IsTruncated>${token}${content}</ListBucketResult>`,
    headers: { date: "Fri, 02 Jan 2026 03:04:05 GMT", "content-type": "application/xml" },
  };
}

function contents(key: string): string {
  return `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&#34;</ETag><Size>12</Size></Contents>`;
}

async function list(answers: { body: string }[], options = {}) {
  await using server = await scriptedServer(answers);
  const { client } = clientFor(server.endpoint);
  const pages = await Array.fromAsync(listObjects(client, "pre fix/", options));
  return { pages, targets: server.calls.map((call) => call.target) };
}

const keysIn = async (body: string) =>
  (await list([page(body)])).pages.flatMap((one) => one.objects.map((object) => object.key));

describe("a listing is rejected", () => {
  test.each([
    ["in HTML", "<html><body>Sign in</body></html>"],
    ["that isn't XML", "{}"],
    ["that is empty", ""],
    ["of another kind", "<ListAllMyBucketsResult></ListAllMyBucketsResult>"],
    ["that is incomplete", "<ListBucketResult><Contents><Key>a</Key>"],
    ["with an invalid size", page(contents("a").replace("12", "-1")).body],
    ["with a key that can't be decoded", page(`<EncodingType>url</EncodingType>${contents("%")}`).body],
    ["that is nested without an end", page(`${"<a>".repeat(50_000)}${"</a>".repeat(50_000)}`).body],
    ["above 8 MiB", page(contents("a".repeat(8 << 20))).body],
  ])("%s", async (_, body) => {
    expect(await rejection(list([{ body }]))).toMatchObject({ name: "S3Error" });
  });

  test("that is truncated and has no token", async () => {
    const body = page("", "").body.replace(/<Next.*Token>/, "");
    expect(String(await rejection(list([{ body }])))).toContain("truncated without a new token");
  });

  test("that is truncated and repeats the token", async () => {
    const answers = [page("", "t1"), page("", "t1"), page("")];
    expect(String(await rejection(list(answers)))).toContain("truncated without a new token");
  });
});

describe("a listing", () => {
  test("has size, etag and time of each object, and the server's time", async () => {
    const { pages } = await list([page(contents("a"))]);
    expect(pages).toEqual([
      {
        objects: [
          { key: "a", sizeBytes: 12, etag: '"e"', modifiedMs: Date.parse("2026-01-02T03:04:05.678Z") },
        ],
        serverTimeMs: Date.parse("2026-01-02T03:04:05Z"),
      },
    ]);
  });

  test("requests page after page", async () => {
    const answers = [page(contents("a"), "t/1="), page(contents("b"), "t2"), page("")];
    const { pages, targets } = await list(answers, { startAfter: "pre fix/+", pageSize: 5000 });
    expect(pages.map((one) => one.objects.map((object) => object.key))).toEqual([["a"], ["b"], []]);
    const query =
      "encoding-type=url&list-type=2&max-keys=1000&prefix=pre%20fix%2F&start-after=pre%20fix%2F%2B";
    const sorted = targets.map((target) => target.slice("/bucket/?".length).split("&").sort().join("&"));
    expect(sorted).toEqual([query, `continuation-token=t%2F1%3D&${query}`, `continuation-token=t2&${query}`]);
  });

  test("decodes keys that are encoded, and only those", async () => {
    const encoded = "<EncodingType>url</EncodingType>";
    expect([
      await keysIn(encoded + contents("a+b%2Bc%20d%F0%9F%98%80")),
      await keysIn(contents("a+b%2Bc")),
      await keysIn(contents("a&amp;b&#39;c")),
      await keysIn(contents(" 007 ")),
    ]).toEqual([["a b+c d😀"], ["a+b%2Bc"], ["a&b'c"], [" 007 "]]);
  });

  test("distinguishes a single object from a list", async () => {
    expect([
      await keysIn(""),
      await keysIn(contents("a")),
      await keysIn(contents("a") + contents("b")),
    ]).toEqual([[], ["a"], ["a", "b"]]);
  });

  test("of a thousand objects with entities in each is read", async () => {
    const many = Array.from({ length: 1000 }, (_, i) => contents(`key-${i}`)).join("");
    expect((await keysIn(many)).length).toBe(1000);
  });
});
