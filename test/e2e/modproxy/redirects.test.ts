/** Redirects of an upstream: only to servers, never to files of this machine or to its own objects in S3. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { startModServer } from "../../support/modules/mod-server.ts";
import { openProxyFixture, storedFiles } from "./fixture.ts";

const INFO = "example.com/a/@v/v1.0.0.info";
const TEXT = '{"Version":"v1.0.0","Password":"hunter2"}';

test.each(["file", "data", "s3", "blob"])(
  "a redirect to a %s: URL is refused and not retried",
  async (scheme) => {
    await using fixture = await openProxyFixture();
    const { dir, upstream } = fixture;
    writeFileSync(dir.join("secret.info"), TEXT);
    const targets: Record<string, string> = {
      file: `file://${dir.join("secret.info")}`,
      data: `data:application/json,${encodeURIComponent(TEXT)}`,
      s3: "s3://bucket/secret.info",
      blob: "blob:secret.info",
    };
    upstream.overrides.set(INFO, (_request, response) => {
      response.writeHead(302, { location: targets[scheme] });
      response.end();
    });
    // The server that would receive a request for an object in S3.
    upstream.overrides.set("bucket/secret.info", (_request, response) => void response.end(TEXT));
    const env = {
      AWS_ACCESS_KEY_ID: "AKIATEST",
      AWS_SECRET_ACCESS_KEY: "s3cr3t",
      AWS_ENDPOINT: upstream.url,
    };
    await using server = await startModServer({ dir: dir.join("machine"), upstream, env });
    expect(await server.answerTo(INFO)).toBe(
      `502 upstream redirects to ${scheme}:, only http: and https: are followed`,
    );
    expect(upstream.requested).toEqual([INFO]);
    expect(storedFiles(server)).toEqual([]);
  },
);

test("a redirect to something that is not a URL is refused, and the answer doesn't quote it", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.overrides.set(INFO, (_request, response) => {
    response.writeHead(302, { location: "http://:hunter2" });
    response.end();
  });
  expect(await server.answerTo(INFO)).toBe("502 upstream redirects to something that is not a URL");
});

test("a redirect to another http URL is followed, an endless one is not", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.overrides.set(INFO, (_request, response) => {
    response.writeHead(302, { location: "/elsewhere" });
    response.end();
  });
  upstream.files.set("elsewhere", TEXT);
  expect(await server.answerTo(INFO)).toBe(`200 ${TEXT}`);
  const next = "example.com/a/@v/v1.1.0.info";
  upstream.overrides.set(next, (_request, response) => {
    response.writeHead(302, { location: `/${next}` });
    response.end();
  });
  expect(await server.answerTo(next)).toBe("502 upstream sends more than 10 redirects");
  expect(upstream.count(next)).toBe(11);
});

test("the refusal of an info that is not JSON quotes nothing of it", async () => {
  await using fixture = await openProxyFixture();
  const { server, upstream } = fixture;
  upstream.files.set(INFO, "glpat_secret\n");
  expect(await server.answerTo(INFO)).toBe("502 upstream sent a bad file: info is no JSON");
});
