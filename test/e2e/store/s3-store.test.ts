import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Counters } from "../../../src/lib/counters.ts";
import { S3Store } from "../../../src/store/s3-store.ts";
import { rejection } from "../../support/rejection.ts";
import { type S3Server, type S3ServerOptions, startS3Server } from "../../support/s3-server.ts";
import { refusal, scriptedServer } from "../../support/scripted-server.ts";
import { describeStoreContract, type StoreUnderTest } from "../../support/store-contract.ts";

describeStoreContract("S3Store over http", () => serve({}));
describeStoreContract("S3Store over https with AWS_CA_BUNDLE", () => serve({ tls: true }));

async function serve(options: S3ServerOptions): Promise<StoreUnderTest> {
  const server = await startS3Server(options);
  const store = storeOn(server);
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The store of the server's bucket; default: with the server's own environment. */
function storeOn(
  { bucket, endpoint, env }: S3Server,
  given: Partial<ConstructorParameters<typeof S3Store>[0]> = {},
): S3Store {
  return new S3Store({
    bucket,
    endpointUrl: endpoint,
    pathStyle: true,
    env,
    counters: new Counters(),
    ...given,
  });
}

const HELLO = new TextEncoder().encode("hello");

describe("a real server", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server({ region: "eu-central-1" });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const storeWith = (env: Record<string, string>, region?: string) =>
    storeOn(server, { env: { ...server.env, ...env }, region });

  test("refuses another secret, and the error says so", async () => {
    const store = storeWith({ AWS_SECRET_ACCESS_KEY: "another" });
    expect(await rejection(store.get("key"))).toMatchObject({
      name: "S3Error",
      status: 403,
      code: "SignatureDoesNotMatch",
    });
  });

  test("refuses a body other than the signed one", async () => {
    const store = storeWith({});
    const put = store.put("key", HELLO, { sha256: "0".repeat(64) });
    expect(await rejection(put)).toMatchObject({ name: "S3Error", status: 400 });
    expect(await store.head("key")).toBeUndefined();
  });

  test("names a missing bucket: it is not the same as an absent object", async () => {
    const store = storeOn(server, { bucket: "no-such-bucket" });
    expect(await rejection(store.get("key"))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });

  test("is reached in its own region, whatever the configuration says", async () => {
    const store = storeWith({}, "us-west-2");
    expect(await store.put("moved", HELLO)).toBe("stored");
    expect((await store.head("moved"))?.sizeBytes).toBe(5);
  });

  test("that was killed causes an error, not an absent object", async () => {
    await using victim = await startS3Server();
    const store = storeOn(victim);
    await store.put("key", HELLO);
    await victim.kill();
    expect(await rejection(store.get("key"))).toMatchObject({ name: "S3Error", status: undefined });
  });
});

describe("a server without conditional writes", () => {
  const unknown = refusal(501, "NotImplemented");
  const absent = { status: 404 };
  const open = (endpointUrl: string) =>
    new S3Store({
      bucket: "bucket",
      endpointUrl,
      pathStyle: true,
      env: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_REGION: "us-east-1" },
      counters: new Counters(),
    });

  test("gets a HEAD before each PUT, and no conditions any more", async () => {
    await using scripted = await scriptedServer([unknown, absent, {}, absent, {}]);
    const store = open(scripted.endpoint);
    expect(await store.put("one", HELLO, { onlyIf: "absent" })).toBe("stored");
    expect(await store.put("two", HELLO, { onlyIf: "absent" })).toBe("stored");
    expect(
      scripted.calls.map((call) => `${call.method} ${call.headers["if-none-match"] ?? ""}`.trim()),
    ).toEqual(["PUT *", "HEAD", "PUT", "HEAD", "PUT"]);
  });

  test("keeps an existing object", async () => {
    await using scripted = await scriptedServer([unknown, { headers: { etag: '"e"' } }]);
    expect(await open(scripted.endpoint).put("key", HELLO, { onlyIf: "absent" })).toBe("refused");
  });

  test("replaces the object that has the etag", async () => {
    await using scripted = await scriptedServer([unknown, { headers: { etag: '"e"' } }, {}]);
    expect(await open(scripted.endpoint).put("key", HELLO, { onlyIf: { etag: '"e"' } })).toBe("stored");
  });
});
