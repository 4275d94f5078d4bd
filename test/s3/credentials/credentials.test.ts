import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { CredentialSource, credentialOrigin } from "../../../src/s3/credentials/credentials.ts";
import { getObject } from "../../../src/s3/operations/get-object.ts";
import { headObject } from "../../../src/s3/operations/head-object.ts";
import type { S3Client } from "../../../src/s3/s3-client.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { testOnPosix } from "../../support/platform.ts";
import { rejection } from "../../support/rejection.ts";
import { refusal, scriptedServer } from "../../support/scripted-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { clientFor } from "../client-for-test.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "AKIDENV", AWS_SECRET_ACCESS_KEY: "secret" };
const HOUR_MS = 3_600_000;

/** The SDK's chain reads the process's own environment as well. */
const kept = new Map<string, string | undefined>();
beforeAll(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) kept.set(name, process.env[name]);
  for (const name of kept.keys()) delete process.env[name];
  process.env.AWS_EC2_METADATA_DISABLED = "true";
});
afterAll(() => {
  delete process.env.AWS_EC2_METADATA_DISABLED;
  for (const [name, value] of kept) process.env[name] = value;
});

/** Shared files without content. */
function emptyFiles(dir: TempDir): Record<string, string> {
  return { AWS_CONFIG_FILE: dir.join("config"), AWS_SHARED_CREDENTIALS_FILE: dir.join("credentials") };
}

/** A profile with a program that prints other keys each time, valid for `lifetimeMs` from `nowMs` on. */
function processProfile(
  dir: TempDir,
  lifetimeMs: number,
): { env: Record<string, string>; runs: () => number } {
  const script = dir.join("keys.sh");
  const expiration = new Date(Date.now() + lifetimeMs).toISOString();
  writeFileSync(
    script,
    `#!/bin/sh\necho run >>'${dir.join("runs")}'\nn=$(wc -l <'${dir.join("runs")}' | tr -d ' ')\n` +
      `[ -e '${dir.join("broken")}' ] && exit 1\n` +
      `echo '{"Version":1,"AccessKeyId":"AKID'$n'","SecretAccessKey":"s","SessionToken":"t'$n'","Expiration":"${expiration}"}'\n`,
  );
  chmodSync(script, 0o755);
  const files = emptyFiles(dir);
  writeFileSync(
    files.AWS_CONFIG_FILE ?? "",
    `[profile ci]\nregion = eu-north-1\ncredential_process = ${script}\n`,
  );
  return {
    env: { ...files, AWS_PROFILE: "ci" },
    runs: () => readFileSync(dir.join("runs"), "utf8").split("\n").length - 1,
  };
}

describe("the origin of keys is", () => {
  test("the environment", async () => {
    const found = await new CredentialSource({ env: KEYS, allowAnonymous: false }).get();
    expect(found && credentialOrigin(found, KEYS)).toBe("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  });

  testOnPosix("a profile's keys or a profile's program", async () => {
    await using dir = tempDir("keys");
    const files = emptyFiles(dir);
    const { env } = processProfile(dir, HOUR_MS);
    writeFileSync(
      files.AWS_SHARED_CREDENTIALS_FILE ?? "",
      "[default]\naws_access_key_id = A\naws_secret_access_key = s\n",
    );
    const origins = [files, env].map(async (each) => {
      const found = await new CredentialSource({ env: each, allowAnonymous: false }).get();
      return found && credentialOrigin(found, each);
    });
    expect(await Promise.all(origins)).toEqual([
      "keys of the profile default",
      "credential_process of the profile ci",
    ]);
  });

  test("the machine, if the chain does not name an origin", () => {
    expect(credentialOrigin({ accessKeyId: "A", secretAccessKey: "s" }, {})).toBe("role of the machine");
  });
});

describe("without any keys", () => {
  test("the error says what to do", async () => {
    await using dir = tempDir("keys");
    const source = new CredentialSource({ env: emptyFiles(dir), allowAnonymous: false });
    const error = await rejection(source.get());
    expect(String(error)).toContain("no AWS credentials found; set AWS_ACCESS_KEY_ID");
  });

  test("an operation on AWS fails before any request, with its name", async () => {
    await using dir = tempDir("keys");
    const { client, counters } = clientFor("", { env: emptyFiles(dir) });
    const error = await rejection(headObject(client, "key"));
    expect(error).toMatchObject({ name: "S3Error", code: "NoCredentials", status: undefined });
    expect(String(error)).toContain("S3 head s3://bucket/key: NoCredentials: no AWS credentials found");
    expect(counters.snapshot()).toEqual({});
  });

  test("requests to a custom endpoint are not signed", async () => {
    await using dir = tempDir("keys");
    await using server = await scriptedServer([{ body: "hello" }]);
    const { client } = clientFor(server.endpoint, { env: emptyFiles(dir) });
    expect((await headObject(client, "key"))?.sizeBytes).toBe(5);
    expect(server.calls[0]?.headers.authorization).toBeUndefined();
  });

  test("a profile that doesn't exist is an error with an endpoint, too", async () => {
    await using dir = tempDir("keys");
    const env = { ...emptyFiles(dir), AWS_PROFILE: "no-such" };
    expect(await rejection(new CredentialSource({ env, allowAnonymous: true }).get())).toBeInstanceOf(Error);
  });
});

describe("keys", () => {
  test("in the environment are used unchanged", async () => {
    const source = new CredentialSource({ env: { ...KEYS, AWS_SESSION_TOKEN: "t" }, allowAnonymous: false });
    const expected = { accessKeyId: "AKIDENV", secretAccessKey: "secret", sessionToken: "t" };
    expect(await source.get()).toEqual(expected);
  });

  testOnPosix("of a profile take precedence over those in the environment", async () => {
    await using dir = tempDir("keys");
    const { env } = processProfile(dir, HOUR_MS);
    const source = new CredentialSource({ env: { ...KEYS, ...env }, allowAnonymous: false });
    expect(await source.get()).toMatchObject({ accessKeyId: "AKID1" });
  });

  testOnPosix("are looked up once for concurrent callers", async () => {
    await using dir = tempDir("keys");
    const { env, runs } = processProfile(dir, HOUR_MS);
    const source = new CredentialSource({ env, allowAnonymous: false });
    const found = await Promise.all(Array.from({ length: 10 }, () => source.get()));
    expect([new Set(found.map((keys) => keys?.accessKeyId)).size, runs()]).toEqual([1, 1]);
  });

  testOnPosix("are refreshed before they expire", async () => {
    await using dir = tempDir("keys");
    const { env } = processProfile(dir, HOUR_MS);
    const clock = new ManualClock();
    const source = new CredentialSource({ env, allowAnonymous: false, clock });
    const ids: (string | undefined)[] = [];
    for (const ms of [0, HOUR_MS - 6 * 60_000, 2 * 60_000]) {
      clock.advance(ms);
      ids.push((await source.get())?.accessKeyId);
    }
    expect(ids).toEqual(["AKID1", "AKID1", "AKID2"]);
  });

  testOnPosix("stay in use until they expire if there are no others", async () => {
    await using dir = tempDir("keys");
    const { env } = processProfile(dir, HOUR_MS);
    const clock = new ManualClock();
    const source = new CredentialSource({ env, allowAnonymous: false, clock });
    await source.get();
    writeFileSync(dir.join("broken"), "");
    clock.advance(HOUR_MS - 2 * 60_000);
    expect(await source.get()).toMatchObject({ accessKeyId: "AKID1" });
    clock.advance(3 * 60_000);
    expect(await rejection(source.get())).toBeInstanceOf(Error);
  });

  testOnPosix("that the server reports as expired are looked up again, once", async () => {
    await using dir = tempDir("keys");
    const { env, runs } = processProfile(dir, HOUR_MS);
    await using server = await scriptedServer([refusal(400, "ExpiredToken"), { body: "hello" }]);
    const { client } = clientFor(server.endpoint, { env });
    expect((await headObject(client, "key"))?.sizeBytes).toBe(5);
    expect(server.calls.map((call) => call.headers["x-amz-security-token"])).toEqual(["t1", "t2"]);
    expect(runs()).toBe(2);
  });

  testOnPosix("that the server keeps reporting as expired are an error", async () => {
    await using dir = tempDir("keys");
    const { env } = processProfile(dir, HOUR_MS);
    await using server = await scriptedServer([refusal(400, "ExpiredToken")]);
    const { client } = clientFor(server.endpoint, { env });
    expect(await rejection(headObject(client, "key"))).toMatchObject({ status: 400 });
    expect(server.calls.length).toBe(2);
  });
});

describe("keys in a file that the server refuses", () => {
  function writeKeys(dir: TempDir, id: string): Record<string, string> {
    const files = emptyFiles(dir);
    writeFileSync(
      files.AWS_SHARED_CREDENTIALS_FILE ?? "",
      id === "" ? "" : `[default]\naws_access_key_id = ${id}\naws_secret_access_key = s\n`,
    );
    return files;
  }

  const read = async (client: S3Client) => await new Response((await getObject(client, "key"))?.body).text();

  /** A server that accepts only keys with one id; `received` has the ids of all requests. */
  function keyServer(code: string) {
    const received: string[] = [];
    const state = { accepted: "OLD", received };
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch({ headers }) {
        const id = /Credential=(\w+)\//.exec(headers.get("authorization") ?? "")?.[1] ?? "";
        received.push(id);
        if (id === state.accepted) return new Response("hello", { headers: { etag: '"e"' } });
        return new Response(`<Error><Code>${code}</Code></Error>`, { status: 403 });
      },
    });
    return Object.assign(state, {
      endpoint: server.url.href,
      [Symbol.asyncDispose]: () => server.stop(true),
    });
  }

  test.each(["InvalidAccessKeyId", "InvalidToken", "ExpiredToken", "SignatureDoesNotMatch"])(
    "as %s are looked up again, and the request is retried with new ones",
    async (code) => {
      await using dir = tempDir("keys");
      await using server = keyServer(code);
      const { client } = clientFor(server.endpoint, { env: writeKeys(dir, "OLD") });
      await read(client);
      server.accepted = "NEW";
      writeKeys(dir, "NEW");
      await Promise.all([read(client), read(client)]);
      await read(client);
      expect(server.received.filter((id) => id === "NEW")).toHaveLength(3);
      await client.close();
    },
  );

  test("are looked up again at most every ten seconds, and no request is repeated with the same ones", async () => {
    await using dir = tempDir("keys");
    await using server = keyServer("InvalidAccessKeyId");
    const { client, clock } = clientFor(server.endpoint, { env: writeKeys(dir, "OLD") });
    server.accepted = "NEW";
    for (let n = 0; n < 3; n++) expect(await rejection(read(client))).toMatchObject({ status: 403 });
    writeKeys(dir, "NEW");
    clock.advance(9_999);
    expect(await rejection(read(client))).toMatchObject({ code: "InvalidAccessKeyId" });
    clock.advance(1);
    await read(client);
    expect(server.received).toEqual(["OLD", "OLD", "OLD", "OLD", "OLD", "NEW"]);
    await client.close();
  });

  test("still sign requests while the file is empty", async () => {
    await using dir = tempDir("keys");
    await using server = keyServer("InvalidAccessKeyId");
    const { client, clock } = clientFor(server.endpoint, { env: writeKeys(dir, "OLD") });
    await read(client);
    server.accepted = "NEW";
    writeKeys(dir, "");
    expect(await rejection(read(client))).toMatchObject({ code: "InvalidAccessKeyId" });
    writeKeys(dir, "NEW");
    clock.advance(10_000);
    await read(client);
    expect(server.received).toEqual(["OLD", "OLD", "OLD", "NEW"]);
    await client.close();
  });

  test("stay in use after a denial that is not about keys", async () => {
    await using dir = tempDir("keys");
    await using server = keyServer("AccessDenied");
    const { client } = clientFor(server.endpoint, { env: writeKeys(dir, "OLD") });
    await read(client);
    server.accepted = "NEW";
    writeKeys(dir, "NEW");
    expect(await rejection(read(client))).toMatchObject({ code: "AccessDenied" });
    expect(server.received).toEqual(["OLD", "OLD"]);
    await client.close();
  });
});

testOnPosix("the profile's region is used", async () => {
  await using dir = tempDir("keys");
  const { env } = processProfile(dir, HOUR_MS);
  await using server = await scriptedServer([{ body: "hello" }]);
  const { client } = clientFor(server.endpoint, { env, region: undefined });
  await headObject(client, "key");
  expect(server.calls[0]?.headers.authorization).toContain("/eu-north-1/s3/");
});
