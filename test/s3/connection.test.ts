import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Connection } from "../../src/s3/connection.ts";
import { headObject } from "../../src/s3/operations/head-object.ts";
import { makeCertificate } from "../support/certificate.ts";
import { rejection } from "../support/rejection.ts";
import { scriptedServer } from "../support/scripted-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { clientFor, TEST_KEYS } from "./client-for-test.ts";

/** An environment with that proxy for plain HTTP. */
const by = (proxy: string) => ({ ...TEST_KEYS, HTTP_PROXY: proxy });

test.each(["data:,hello", "file:///etc/hostname", "s3://bucket/key"])(
  "a request never goes to %s",
  async (url) => {
    const connection = new Connection({ env: TEST_KEYS, isLoopback: true });
    const request = { method: "GET", headers: {}, body: undefined, signal: undefined };
    expect(String(await rejection(connection.send(new URL(url), request)))).toContain(
      "only to http: and https:",
    );
  },
);

describe("a proxy", () => {
  test("forwards requests to other machines with the address they were signed for", async () => {
    await using proxy = await scriptedServer([{ body: "hello" }]);
    const { client } = clientFor("http://s3.example.invalid:9000", { env: by(proxy.endpoint) });
    expect((await headObject(client, "a key"))?.sizeBytes).toBe(5);
    const { target, headers } = proxy.calls[0] ?? {};
    expect([target, headers?.host]).toEqual([
      "http://s3.example.invalid:9000/bucket/a%20key",
      "s3.example.invalid:9000",
    ]);
  });

  test("is not used for servers on this machine", async () => {
    await using proxy = await scriptedServer([{ status: 502 }]);
    await using server = await scriptedServer([{ body: "hello" }]);
    const { client } = clientFor(server.endpoint, { env: by(proxy.endpoint) });
    expect((await headObject(client, "key"))?.sizeBytes).toBe(5);
    expect(proxy.calls).toEqual([]);
  });
});

describe("a proxy that refuses", () => {
  test.each([
    [407, {}, "407"],
    [403, { "proxy-status": "other; error=http_request_denied" }, "403 http_request_denied"],
    [403, { "x-squid-error": "ERR_ACCESS_DENIED 0" }, "403 ERR_ACCESS_DENIED"],
  ])("is named, and its %d does not count as the server's answer", async (status, headers, said) => {
    await using proxy = await scriptedServer([{ status, headers }]);
    const { client } = clientFor("http://s3.example.invalid:9000", { env: by(proxy.endpoint) });
    const error = await rejection(headObject(client, "key"));
    expect(error).toMatchObject({ name: "S3Error", status: undefined });
    expect(String(error)).toContain(`the proxy ${new URL(proxy.endpoint).host} refuses the request: ${said}`);
  });

  test("to open a tunnel is named, and its answer does not count as the server's", async () => {
    await using proxy = await scriptedServer([{ status: 403 }]);
    const env = { ...TEST_KEYS, HTTPS_PROXY: proxy.endpoint };
    const { client } = clientFor("https://s3.example.invalid", { env });
    const error = await rejection(headObject(client, "key"));
    expect(error).toMatchObject({ name: "S3Error", status: undefined });
    expect(String(error)).toContain("Proxy refused to open a tunnel: 403");
  });
});

describe("a certificate", () => {
  test("that is not trusted ends the call without retries", async () => {
    await using dir = tempDir("tls");
    const { cert, key } = await makeCertificate(dir.path);
    await using server = Bun.serve({
      port: 0,
      tls: { cert, key },
      fetch: () => new Response("hello", { headers: { etag: '"e"' } }),
    });
    const { client, clock } = clientFor(`https://localhost:${server.port}`);
    expect(await rejection(headObject(client, "key"))).toMatchObject({
      name: "S3Error",
      status: undefined,
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
    expect(clock.sleptMs).toEqual([]);
  });

  test("is trusted if AWS_CA_BUNDLE contains it among others", async () => {
    await using dir = tempDir("tls");
    await using otherDir = tempDir("tls");
    const { cert, key } = await makeCertificate(dir.path);
    const other = await makeCertificate(otherDir.path);
    writeFileSync(dir.join("bundle.pem"), other.cert + cert);
    await using server = Bun.serve({
      port: 0,
      tls: { cert, key },
      fetch: () => new Response("hello", { headers: { etag: '"e"' } }),
    });
    const env = { ...TEST_KEYS, AWS_CA_BUNDLE: dir.join("bundle.pem") };
    const { client } = clientFor(`https://localhost:${server.port}`, { env });
    expect((await headObject(client, "key"))?.sizeBytes).toBe(5);
  });

  test("file that is missing is named", async () => {
    const env = { ...TEST_KEYS, AWS_CA_BUNDLE: "/no/such/bundle.pem" };
    const { client } = clientFor("https://localhost:1", { env });
    expect(String(await rejection(headObject(client, "key")))).toContain(
      "AWS_CA_BUNDLE names /no/such/bundle.pem, which can't be read",
    );
  });
});
