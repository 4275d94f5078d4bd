/**
 * A real S3 server on this machine: versitygw, which checks signatures, ranges and conditions, on a directory of
 * its own. Built with `go install` at the first use and kept in `.cache/`.
 */
import { mkdirSync } from "node:fs";
import { makeCertificate } from "./certificate.ts";
import { freePort } from "./free-port.ts";
import { goInstall } from "./go-install.ts";
import { plainEnv, type Running, run, start } from "./process.ts";
import { tempDir } from "./temp-dir.ts";
import { VERSITYGW } from "./tools.ts";

/** A running server with one empty bucket. */
export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or `https://localhost:<port>`. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The AWS variables for a child process: keys and region, and the certificate to trust. */
  readonly env: Record<string, string>;
  /** The bucket's objects are the files below `<dataDir>/<bucket>`. */
  readonly dataDir: string;
  readonly pid: number;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** The options of a server. */
export interface S3ServerOptions {
  /** Whether it has a certificate that only `env.AWS_CA_BUNDLE` makes trusted. */
  tls?: boolean;
  region?: string;
  bucket?: string;
  /** Whether there can be further users, made by `addUser`. */
  users?: boolean;
  /** `s3.example.com`, to have the bucket at `<bucket>.s3.example.com` as well. */
  domain?: string;
}

/** Starts a server and waits until it answers. Disposing it ends it and removes its data. */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { tls = false, region = "us-east-1", users = false, domain } = options;
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir("s3"));
  const [accessKeyId, secretAccessKey] = [randomName(), randomName()];
  const bucket = options.bucket ?? `bucket-${randomName()}`;
  mkdirSync(dir.join("data", bucket), { recursive: true });
  const certificate = tls ? await makeCertificate(dir.path) : undefined;
  const flags = [
    "--access",
    accessKeyId,
    "--secret",
    secretAccessKey,
    "--region",
    region,
    "--keep-alive",
    "--quiet",
  ];
  if (certificate !== undefined) flags.push("--cert", certificate.certPath, "--key", certificate.keyPath);
  if (domain !== undefined) flags.push("--virtual-domain", domain);
  if (users) {
    mkdirSync(dir.join("iam"));
    // Without its cache, which would accept removed keys for two minutes.
    flags.push("--iam-dir", dir.join("iam"), "--iam-cache-disable");
  }
  const { running, port } = await listening(flags, dir.join("data"), certificate?.cert);
  stack.use(running);
  const kept = stack.move();
  return {
    endpoint: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    bucket,
    accessKeyId,
    secretAccessKey,
    env: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: region,
      ...(certificate === undefined ? {} : { AWS_CA_BUNDLE: certificate.certPath }),
    },
    dataDir: dir.join("data"),
    pid: running.pid,
    async kill() {
      running.signal("SIGKILL");
      await running.outcome;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The AWS variables of a further user of a server that was started with `users`. */
export async function addUser(server: S3Server, name: string): Promise<Record<string, string>> {
  const secret = randomName();
  await administer(server, ["create-user", "--access", name, "--secret", secret, "--role", "user"]);
  return { AWS_ACCESS_KEY_ID: name, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: "us-east-1" };
}

/** Gives a user another secret, and returns it. */
export async function changeSecret(server: S3Server, name: string): Promise<string> {
  const secret = randomName();
  await administer(server, ["update-user", "--access", name, "--secret", secret]);
  return secret;
}

export async function removeUser(server: S3Server, name: string): Promise<void> {
  await administer(server, ["delete-user", "--access", name]);
}

async function administer(server: S3Server, command: string[]): Promise<void> {
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const admin = ["--access", accessKeyId, "--secret", secretAccessKey, "--endpoint-url", endpoint];
  const argv = [await goInstall(VERSITYGW), "admin", ...admin, ...command];
  const { exitCode, stdout, stderr } = await run(argv, { env: plainEnv() });
  if (exitCode !== 0) throw new Error(`versitygw admin ${command[0]}: ${stdout}${stderr}`);
}

let building: Promise<string> | undefined;

/** Starts on a port that was free a moment ago, and on another one if another process has taken it since. */
async function listening(
  flags: string[],
  dataDir: string,
  ca: string | undefined,
): Promise<{ running: Running; port: number }> {
  building ??= goInstall(VERSITYGW);
  const program = await building;
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const argv = [program, "--port", `127.0.0.1:${port}`, ...flags, "posix", dataDir];
    const running = start(argv, { env: plainEnv() });
    const url = ca === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
    if (await answers(url, ca, running)) return { running, port };
    const { stderr } = await running.outcome;
    if (tries === 3) throw new Error(`versitygw doesn't start: ${stderr}`);
  }
}

/** Waits until `url` answers anything: true, or until the process has ended: false. */
async function answers(url: string, ca: string | undefined, running: Running): Promise<boolean> {
  let hasEnded = false;
  void running.outcome.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    const init = { keepalive: false, proxy: false as const, ...(ca === undefined ? {} : { tls: { ca } }) };
    const response = await fetch(url, init).catch(() => undefined);
    await response?.text();
    if (response !== undefined) return true;
    await Bun.sleep(10);
  }
  return false;
}

function randomName(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 16);
}
