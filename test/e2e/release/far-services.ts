/**
 * The three services that the recipes name, on this machine: the releases at github.com, a bucket at AWS (a real S3
 * server that answers to the bucket's name there), and AWS's token service. A proxy connects to them, so the recipes
 * need no change.
 */
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { repository } from "../../../package.json" with { type: "json" };
import { startFarHosts } from "../../support/far-hosts.ts";
import { go } from "../../support/go-toolchain.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { settled } from "../../support/settled.ts";
import { warmMachine } from "../../support/warm-machine.ts";
import { startReleaseServer } from "./release-server.ts";

const REGION = "eu-central-1";
const S3_DOMAIN = `s3.${REGION}.amazonaws.com`;
const BUCKET = "my-bucket";
const STS_HOST = `sts.${REGION}.amazonaws.com`;
const DOWNLOADS = new RegExp(
  `^/${repository.replace("github:", "")}/releases/(?:latest/download|download/[^/]+)/(.+)$`,
);

/** The token that a CI gives a job for its role; the token service requires it. */
export const ID_TOKEN = "a-token-of-this-job";

export interface FarServices extends AsyncDisposable {
  /** Variables that make a program find and trust them. */
  readonly env: Record<string, string>;
  /** Keys for the bucket, for a CI or a person. */
  readonly keys: Record<string, string>;
  /** The bucket's objects are the files below it. */
  readonly bucketDir: string;
  /** `GET https://…` of every request so far. */
  readonly seen: string[];
}

/**
 * Fills the bucket with the entries of a go command, from a machine below `dir` with the standard library; `job`: the
 * variables of the CI's job.
 */
export async function fillBucket(
  far: FarServices,
  dir: string,
  command: { cwd: string; args: string[]; trimpath?: boolean; job?: Record<string, string> },
): Promise<void> {
  const flags = [`--bucket=${BUCKET}`, `--region=${REGION}`];
  const { cwd, args, trimpath = false, job = {} } = command;
  const machine = await warmMachine(dir, { trimpath, flags, env: { ...far.env, ...far.keys, ...job } });
  const { exitCode, stderr } = await go(machine, args, { cwd });
  if (exitCode !== 0 || stderr !== "") throw new Error(`cannot fill the bucket: ${stderr}`);
  await settled(machine);
}

export async function startFarServices(): Promise<FarServices> {
  await using stack = new AsyncDisposableStack();
  const releases = stack.use(await startReleaseServer());
  const bucket = stack.use(await startS3Server({ region: REGION, bucket: BUCKET, domain: S3_DOMAIN }));
  const answers: Record<string, (url: URL, request: IncomingMessage, response: ServerResponse) => unknown> = {
    "github.com": (url, _, response) => answerDownload(releases.url, url, response),
    [`${BUCKET}.${S3_DOMAIN}`]: (_, request, response) => passOn(bucket.endpoint, request, response),
    [STS_HOST]: (_, request, response) => answerTokens(bucket, request, response),
  };
  const hosts = stack.use(
    await startFarHosts(Object.keys(answers), (url, request, response) =>
      answers[url.hostname]?.(url, request, response),
    ),
  );
  const kept = stack.move();
  const certificate = hosts.env.SSL_CERT_FILE ?? "";
  return {
    env: {
      ...hosts.env,
      CURL_CA_BUNDLE: certificate,
      AWS_CA_BUNDLE: certificate,
      NODE_EXTRA_CA_CERTS: certificate,
    },
    keys: { AWS_ACCESS_KEY_ID: bucket.accessKeyId, AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey },
    bucketDir: join(bucket.dataDir, bucket.bucket),
    seen: hosts.seen,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function answerDownload(base: string, url: URL, response: ServerResponse): Promise<void> {
  const name = DOWNLOADS.exec(url.pathname)?.[1] ?? "none";
  const file = await fetch(`${base}${name}`, { proxy: false });
  response.writeHead(file.status).end(await file.bytes());
}

/** Unchanged, since the signature includes the host's name. */
function passOn(endpoint: string, request: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = new URL(endpoint);
  const { method, url, rawHeaders } = request;
  const sent = http.request(
    { hostname, port, method, path: url, headers: rawHeaders, setHost: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    },
  );
  sent.once("error", () => response.destroy());
  request.pipe(sent);
}

/**
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html; the answer has no
 * session token, since the S3 server does not support them.
 */
async function answerTokens(
  bucket: S3Server,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const form = new URLSearchParams(
    await Array.fromAsync(request).then((chunks) => Buffer.concat(chunks).toString()),
  );
  const isGood =
    form.get("Action") === "AssumeRoleWithWebIdentity" && form.get("WebIdentityToken") === ID_TOKEN;
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  response.writeHead(isGood ? 200 : 403, { "content-type": "text/xml" });
  response.end(
    isGood
      ? `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>${bucket.accessKeyId}</AccessKeyId><SecretAccessKey>${bucket.secretAccessKey}</SecretAccessKey>
<Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
      : `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Code>InvalidIdentityToken</Code><Message>another token</Message></Error></ErrorResponse>`,
  );
}
