/** AWS's providers quote their inputs in messages: none of that is shown. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { binaryPath } from "../../support/binary.ts";
import { plainEnv, run } from "../../support/process.ts";
import { tempDir } from "../../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const SECRET = "hunter2hunter2";

/** The messages of `inspect` and `doctor` about the credentials in `env`. */
async function saidWith(env: Record<string, string>): Promise<string[]> {
  await using dir = tempDir("chain");
  const place = {
    HOME: dir.path,
    AWS_CONFIG_FILE: dir.join("config"),
    AWS_SHARED_CREDENTIALS_FILE: dir.join("credentials"),
    AWS_EC2_METADATA_DISABLED: "true",
    GOCACHE_DIR: dir.join("cache"),
    GOCACHE_S3_BUCKET: "bucket",
    GOCACHE_S3_REGION: "us-east-1",
    GOCACHE_S3_ENDPOINT_URL: "http://127.0.0.1:9",
  };
  const outcomes = [["inspect"], ["doctor"], ["doctor", "--json"]].map(async (args) => {
    const argv = [binaryPath(), "-v", "--debug=7", ...args];
    const { stdout, stderr } = await run(argv, { env: plainEnv({ ...place, ...env }), cwd: dir.path });
    return stdout + stderr;
  });
  return await Promise.all(outcomes);
}

/** A server with this answer for every request. */
function answering(make: (request: Request) => Response | Promise<Response>) {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: make });
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
}

test("a container's answer that is not JSON is not quoted", async () => {
  await using server = answering(() => new Response(SECRET));
  const texts = await saidWith({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/keys` });
  for (const text of texts) {
    expect(text).not.toContain(SECRET);
    expect(text).toContain(
      "no AWS credentials from the role of the container (AWS_CONTAINER_CREDENTIALS_FULL_URI): the answer is not valid JSON",
    );
  }
});

const ROLE = { AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/x" };

test("a token in place of a token's file name is not quoted", async () => {
  const texts = await saidWith({ ...ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: SECRET });
  for (const text of texts) {
    expect(text).not.toContain(SECRET);
    expect(text).toContain(
      "no AWS credentials from web identity (AWS_WEB_IDENTITY_TOKEN_FILE): a file with its settings or its token can't be read (ENOENT)",
    );
  }
});

test("a server that refuses a token and repeats it is not quoted, but its code is", async () => {
  await using dir = tempDir("token");
  await using server = answering(async (request) => {
    const error = `<Code>InvalidIdentityToken</Code><Message>bad ${await request.text()}</Message>`;
    return new Response(`<ErrorResponse><Error>${error}</Error></ErrorResponse>`, { status: 400 });
  });
  writeFileSync(dir.join("token"), SECRET);
  const texts = await saidWith({
    ...ROLE,
    AWS_WEB_IDENTITY_TOKEN_FILE: dir.join("token"),
    AWS_ENDPOINT_URL_STS: server.url,
  });
  for (const text of texts) {
    expect(text).not.toContain(SECRET);
    expect(text).toContain("(AWS_WEB_IDENTITY_TOKEN_FILE): the server answered 400 InvalidIdentityToken");
  }
});
