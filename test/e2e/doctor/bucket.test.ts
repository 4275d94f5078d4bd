/** `doctor`'s findings about buckets, on a real S3 server. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { type Grant, putPolicy } from "../../support/bucket-policy.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { s3Error } from "../../support/faults.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { freePort } from "../../support/free-port.ts";
import { run } from "../../support/process.ts";
import { keysBelow } from "../../support/s3-objects.ts";
import { addUser, type S3Server, startS3Server } from "../../support/s3-server.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { bucketEnv, checksWith, expectWell, findingOf, Subject } from "./subject.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let server: S3Server;
let count = 0;

beforeAll(async () => {
  dir = tempDir("doctor");
  server = await startS3Server({ users: true });
});
afterAll(async () => {
  dir[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

/** A new machine, with the server as its bucket. */
async function newSubject(env: Record<string, string> = {}): Promise<Subject> {
  const subject = await Subject.open(dir.join(`machine-${++count}`));
  return subject
    .with(bucketEnv(server))
    .as({ ...server.env })
    .with(env);
}

/** Without a main package, go compiles nothing of the standard library. */
async function build(subject: Subject): Promise<void> {
  const env = subject.variables;
  const outcome = await run(["go", "build", "-trimpath", "./p2"], { env, cwd: subject.cwd });
  expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
  await settled({ gocache: env.GOCACHE ?? "" });
}

describe("names the cause:", () => {
  test("an unknown access key", async () => {
    const subject = await newSubject({ AWS_ACCESS_KEY_ID: "unknown" });
    const diagnosis = await subject.examine();
    expect(findingOf(diagnosis, "credentials")?.message).toContain("from AWS_ACCESS_KEY_ID");
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("the server does not know this access key"),
      remedy: expect.stringContaining("AWS_ACCESS_KEY_ID"),
    });
    expect(findingOf(diagnosis, "not looked at")?.message).toStartWith("list, region, clock, put, get");
    expect(diagnosis.exitCode).toBe(1);
  });

  test("a secret key of another access key", async () => {
    const diagnosis = await (await newSubject())
      .as({ AWS_SECRET_ACCESS_KEY: "not-the-right-secret" })
      .examine();
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("the secret key does not belong to the access key"),
    });
  });

  test("no credentials at all", async () => {
    const env = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", GOCACHE_S3_ENDPOINT_URL: "" };
    const diagnosis = await (await newSubject(env)).examine();
    expect(findingOf(diagnosis, "credentials")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("no AWS credentials found"),
    });
    expect(diagnosis.exitCode).toBe(1);
  });

  test("no credentials at another S3 server: one error, which does not blame the rights", async () => {
    const env = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" };
    const diagnosis = await (await newSubject(env)).examine();
    expect(checksWith(diagnosis, "error")).toEqual(["reach"]);
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      message: expect.stringContaining("no credentials were found, so the request was not signed"),
      remedy: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    });
    expect(JSON.stringify(diagnosis)).not.toContain("is not granted");
  });

  test("https where there is no TLS", async () => {
    const endpoint = server.endpoint.replace("http:", "https:");
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: endpoint })).examine();
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("does not speak TLS"),
      remedy: expect.stringContaining("use http://"),
    });
  });

  test("an endpoint with the bucket in it", async () => {
    const endpoint = `${server.endpoint}/${server.bucket}`;
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: endpoint })).examine();
    expect(findingOf(diagnosis, "bucket")).toMatchObject({
      severity: "error",
      message: `the endpoint ${endpoint} names the bucket ${server.bucket}; give the server's address only`,
    });
  });

  test("an endpoint that can't be parsed, without a fallback to another one", async () => {
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: "127.0.0.1:9000" })).examine();
    expect(checksWith(diagnosis, "error")).toEqual(["settings"]);
    expect(findingOf(diagnosis, "bucket")?.message).toBe(
      "not looked at: GOCACHE_S3_ENDPOINT_URL can't be read",
    );
    expect(findingOf(diagnosis, "reach")).toBeUndefined();
  });

  test("a server that expects the bucket in the path: the remedy names the option", async () => {
    const endpoint = server.endpoint.replace("127.0.0.1", "localhost");
    const subject = await newSubject({ GOCACHE_S3_ENDPOINT_URL: endpoint });
    expect(checksWith(await subject.examine(), "error")).toEqual([]);
    const diagnosis = await subject.examine("--s3-path-style=false");
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      remedy: expect.stringContaining("--s3-path-style=false"),
    });
  });

  test("a profile with expired credentials", async () => {
    const subject = await newSubject({ AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
    const keys = {
      Version: 1,
      AccessKeyId: "old",
      SecretAccessKey: "old",
      Expiration: "2020-01-01T00:00:00Z",
    };
    const config = join(subject.env.HOME ?? "", "aws-config");
    await Bun.write(config, `[profile old]\ncredential_process = echo '${JSON.stringify(keys)}'\n`);
    const diagnosis = await subject.with({ AWS_PROFILE: "old", AWS_CONFIG_FILE: config }).examine();
    expect(findingOf(diagnosis, "credentials")).toMatchObject({
      severity: "error",
      message: expect.stringContaining(
        "no credentials from the AWS profile old: it is missing, incomplete or expired",
      ),
    });
  });

  test("a session that the server considers expired", async () => {
    await using proxy = await FaultProxy.start({ target: server.endpoint });
    const body = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";
    proxy.fail(() => true, { kind: "answer", status: 400, body, contentType: "application/xml" });
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: proxy.endpoint })).examine();
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("the credentials have expired"),
    });
  });

  test("a bucket that does not exist", async () => {
    const diagnosis = await (await newSubject({ GOCACHE_S3_BUCKET: "no-such-bucket" })).examine();
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("there is no bucket of that name on this server"),
      remedy: expect.stringContaining("--bucket"),
    });
  });

  test("an endpoint that refuses connections", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: endpoint })).examine();
    expect(findingOf(diagnosis, "bucket")?.message).toContain(` at ${endpoint},`);
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("nothing listens at the endpoint"),
      remedy: expect.stringContaining("--s3-endpoint-url"),
    });
  });

  test("an endpoint with an unknown host name", async () => {
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: "http://s3.invalid" })).examine();
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      remedy: expect.stringContaining("--s3-endpoint-url"),
    });
  });

  test("an endpoint that never answers", async () => {
    await using proxy = await FaultProxy.start({ target: server.endpoint });
    proxy.fail(() => true, { kind: "hang" });
    const subject = await newSubject({
      GOCACHE_S3_ENDPOINT_URL: proxy.endpoint,
      GOCACHE_REMOTE_TIMEOUT: "300ms",
    });
    expect(findingOf(await subject.examine(), "reach")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("the server does not answer (no answer within 300 ms"),
    });
  });

  test("an endpoint that is not an S3 server", async () => {
    await using proxy = await FaultProxy.start({ target: server.endpoint });
    proxy.fail(() => true, { kind: "answer", status: 200, body: "<p>Welcome", contentType: "text/html" });
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: proxy.endpoint })).examine();
    expect(findingOf(diagnosis, "reach")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("not a listing"),
    });
  });

  test("a clock that is three hours slow", async () => {
    await using proxy = await FaultProxy.start({ target: server.endpoint });
    proxy.fail(() => true, { kind: "date", offsetMs: 3 * 3_600_000 });
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: proxy.endpoint })).examine();
    expect(findingOf(diagnosis, "clock")).toMatchObject({
      severity: "warning",
      message: expect.stringMatching(/^this machine's clock is 3h behind the server's/),
      remedy: expect.stringContaining("NTP"),
    });
    expect([checksWith(diagnosis, "warning"), checksWith(diagnosis, "error")]).toEqual([["clock"], []]);
    expect(diagnosis.exitCode).toBe(3);
  });

  test("a server without conditional writes", async () => {
    await using proxy = await FaultProxy.start({ target: server.endpoint });
    let puts = 0;
    // The first is the probe, the second has a condition.
    proxy.fail(({ method }) => method === "PUT" && ++puts === 2, s3Error(501));
    const diagnosis = await (await newSubject({ GOCACHE_S3_ENDPOINT_URL: proxy.endpoint })).examine();
    expect(findingOf(diagnosis, "conditional writes")).toMatchObject({
      severity: "note",
      message: expect.stringContaining("refuses conditions (501)"),
    });
  });
});

describe("rights of the credentials:", () => {
  const READER = "doctor-reader";
  const WRITER = "doctor-writer";
  const BLIND = "doctor-blind";
  const users = new Map<string, Record<string, string>>();

  beforeAll(async () => {
    for (const name of [READER, WRITER, BLIND]) users.set(name, await addUser(server, name));
    const grants: Grant[] = [
      [READER, ["ListBucket"]],
      [READER, ["GetObject"], "team/"],
      [WRITER, ["ListBucket"]],
      [WRITER, ["GetObject", "PutObject"], "team/"],
      [BLIND, ["GetObject", "PutObject", "DeleteObject"], "team/"],
    ];
    await putPolicy(server, grants);
  });

  async function examineAs(user: string, ...flags: string[]) {
    return await (await newSubject()).as(users.get(user) ?? {}).examine(...flags);
  }

  test("s3:PutObject is missing, and --read-only does not need it", async () => {
    const diagnosis = await examineAs(READER);
    expect(findingOf(diagnosis, "put")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("s3:PutObject is not granted"),
      remedy: `allow s3:PutObject on arn:aws:s3:::${server.bucket}/team/* in the policy; or set --read-only, if this job should only read`,
    });
    expect(findingOf(diagnosis, "list")?.severity).toBe("ok");
    expect(findingOf(diagnosis, "get")?.severity).toBe("ok");
    const readOnly = await examineAs(READER, "--read-only");
    expectWell(readOnly);
  });

  test("s3:DeleteObject is missing: only a note, and the remaining test object is empty", async () => {
    const diagnosis = await examineAs(WRITER);
    expect(findingOf(diagnosis, "delete")).toMatchObject({
      severity: "note",
      message: expect.stringContaining("s3:DeleteObject is not granted"),
    });
    expectWell(diagnosis);
    const left = filesBelow(join(server.dataDir, server.bucket, "team/doctor"));
    expect(
      left.map((name) => Bun.file(join(server.dataDir, server.bucket, "team/doctor", name)).size),
    ).toEqual([0]);
  });

  test("s3:ListBucket is missing: the other rights are still tested", async () => {
    const diagnosis = await examineAs(BLIND);
    expect(findingOf(diagnosis, "list")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("s3:ListBucket is not granted"),
      remedy: `allow s3:ListBucket on arn:aws:s3:::${server.bucket} in the policy`,
    });
    for (const check of ["put", "get", "delete"]) expect(findingOf(diagnosis, check)?.severity).toBe("ok");
  });

  test("s3:GetObject is missing below a further prefix to read: only a warning", async () => {
    const diagnosis = await examineAs(BLIND, "--read-prefix=other");
    expect(
      findingOf(
        { ...diagnosis, findings: diagnosis.findings.filter(({ severity }) => severity === "warning") },
        "list",
      ),
    ).toMatchObject({ message: expect.stringContaining("--read-prefix other is not read") });
  });
});

describe("a correct set-up", () => {
  test("has nothing to fix, and the test leaves no objects", async () => {
    const subject = await newSubject({ GOCACHE_KEY_PREFIX: "right" });
    const before = await subject.examine();
    expectWell(before);
    expect(findingOf(before, "newest run")?.message).toStartWith(
      "no run of this project and platform is known yet",
    );
    await build(subject);
    expect(await keysBelow(server, "right/doctor")).toEqual([]);
    // All built entries are here; a new machine would fetch them from the bucket.
    const here = await subject.examine();
    const there = await (await newSubject({ GOCACHE_KEY_PREFIX: "right" })).examine();
    const forecasts = [here, there].map((diagnosis) => findingOf(diagnosis, "newest run"));
    const entries = Number(forecasts[0]?.data?.entries);
    expect(entries).toBeGreaterThan(2);
    expect(forecasts[0]?.data).toMatchObject({ local: entries, remote: 0, gone: 0, fetchBytes: 0 });
    expect(forecasts[1]?.data).toMatchObject({ entries, local: 0, remote: entries, gone: 0 });
    expect(forecasts[1]?.message).toContain("a build like that one would hit 100.0 %");
    for (const diagnosis of [here, there]) expectWell(diagnosis);
    for (const check of ["region", "clock", "ranges", "conditional writes", "scope"]) {
      expect(findingOf(there, check)?.severity).toBe("ok");
    }
    for (const check of ["latency", "throughput"]) expect(findingOf(there, check)).toBeDefined();
  });

  test("that only reads is tested with existing objects", async () => {
    const writer = await newSubject({ GOCACHE_KEY_PREFIX: "read" });
    await build(writer);
    const diagnosis = await (await newSubject({ GOCACHE_KEY_PREFIX: "read" })).examine("--read-only");
    expect(checksWith(diagnosis, "error").concat(checksWith(diagnosis, "warning"))).toEqual([]);
    expect(findingOf(diagnosis, "get")?.message).toMatch(/^read\/packed\/v1\/\S+ can be read$/);
    expect(findingOf(diagnosis, "ranges")?.severity).toBe("ok");
    expect(["conditional writes", "delete"].map((check) => findingOf(diagnosis, check))).toEqual([
      undefined,
      undefined,
    ]);
    expect(await keysBelow(server, "read/doctor")).toEqual([]);
  });

  test("says when garbage was collected, once somebody has", async () => {
    const subject = await newSubject({ GOCACHE_KEY_PREFIX: "collected" });
    await build(subject);
    expect(findingOf(await subject.examine(), "garbage collection")).toBeUndefined();
    const gc = await run([binaryPath(), "gc"], { env: subject.variables, cwd: subject.cwd });
    expect(gc.exitCode).toBe(0);
    expect(findingOf(await subject.examine(), "garbage collection")).toMatchObject({
      severity: "ok",
      message: expect.stringMatching(/^last finished .* ago$/),
    });
  });

  test("reports missing packs", async () => {
    const subject = await newSubject({ GOCACHE_KEY_PREFIX: "vanished" });
    await build(subject);
    await run(["rm", "-r", join(server.dataDir, server.bucket, "vanished/packed/v1/pack")]);
    const diagnosis = await (await newSubject({ GOCACHE_KEY_PREFIX: "vanished" })).examine();
    expect(findingOf(diagnosis, "newest run")).toMatchObject({
      severity: "warning",
      remedy: expect.stringContaining("lifecycle rule"),
    });
  });

  test("uses the flags in GOCACHEPROG as its own", async () => {
    const subject = await newSubject({ GOCACHE_S3_BUCKET: "no-such-bucket" });
    subject.with({ GOCACHEPROG: `${subject.env.GOCACHEPROG} --bucket=${server.bucket}` });
    expect(checksWith(await subject.examine(), "error")).toEqual([]);
    expect(findingOf(await subject.examine("--bucket=no-such-bucket"), "reach")?.severity).toBe("error");
  });
});
