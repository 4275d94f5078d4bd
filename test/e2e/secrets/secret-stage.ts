/** A machine with every kind of secret, and servers that require them. */
import { mkdirSync, readdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { resolveSettings, toConfig } from "../../../src/cli/options/settings.ts";
import { binaryPath, s3Flags } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type S3Server, startS3Server } from "../../support/s3-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const NAMES = ["token", "upstream", "netrc", "proxy", "goproxy", "signed", "project"] as const;

/** Hosts that the forward proxy caches; there is no such host, and the parent proxy refuses. */
export const PROXIED_HOST = "proxied.example.com";

export class SecretStage implements AsyncDisposable {
  readonly dir: TempDir;
  readonly s3: S3Server;
  /** With all secrets. The S3 server supports no sessions, and so refuses this token. */
  readonly env: Record<string, string>;
  /** The bucket, and the cache directory. */
  readonly flags: string[];
  readonly #secrets: Map<string, string>;
  readonly #stack: AsyncDisposableStack;

  private constructor(options: {
    dir: TempDir;
    s3: S3Server;
    env: Record<string, string>;
    secrets: Map<string, string>;
    stack: AsyncDisposableStack;
  }) {
    this.dir = options.dir;
    this.s3 = options.s3;
    this.env = options.env;
    this.#secrets = options.secrets;
    this.#stack = options.stack;
    this.flags = [...s3Flags(this.s3, { layout: "packed" }), `--cache-dir=${this.cacheDir}`];
  }

  static async open(): Promise<SecretStage> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(tempDir("secrets"));
    const s3 = stack.use(await startS3Server());
    const word = Object.fromEntries(NAMES.map((name) => [name, `${name}-${crypto.randomUUID()}`]));
    const upstream = stack.use(moduleUpstream(word.signed ?? ""));
    const proxyPort = await refusingProxy(stack);
    const made = await run([binaryPath(), "keygen"], { env: plainEnv() });
    const signKey = /GOCACHE_SIGN_KEY=(\S+)/.exec(made.stdout)?.[1] ?? "";
    writeFileSync(dir.join("netrc"), `machine localhost login user password ${word.netrc}\n`, {
      mode: 0o600,
    });
    mkdirSync(dir.join("gocache"));
    const withPassword = (password = "") => `http://user:${password}@127.0.0.1:${upstream.port}`;
    const env = plainEnv({
      ...s3.env,
      AWS_SESSION_TOKEN: word.token ?? "",
      GOCACHE_SIGN_KEY: signKey,
      GOCACHE_PROJECT: `https://ci:${word.project}@git.example.com/team/app`,
      GOCACHE_UPSTREAM: `${withPassword(word.upstream)}/first,http://localhost:${upstream.port}/second`,
      NETRC: dir.join("netrc"),
      HTTPS_PROXY: `http://user:${word.proxy}@127.0.0.1:${proxyPort}`,
      GOPROXY: `${withPassword(word.goproxy)}/mod,off`,
      GONOSUMDB: "*",
      GOCACHE: dir.join("gocache"),
      GOOS: "linux",
      GOARCH: "amd64",
      GOVERSION: "go1.27.4",
      // Set for another program of the job.
      BUN_CONFIG_VERBOSE_FETCH: "curl",
    });
    const secrets = new Map([
      ["the AWS secret key", s3.secretAccessKey],
      ["the key to sign with", signKey.replace("gocache-secret:", "")],
      ...NAMES.map((name) => [`the secret word of ${name}`, word[name] ?? ""] as const),
      ...NAMES.map((name) => [`${name} as a header`, btoa(`user:${word[name]}`)] as const),
    ]);
    return new SecretStage({ dir, s3, env, secrets, stack: stack.move() });
  }

  get cacheDir(): string {
    return this.dir.join("cache");
  }

  /** The part of it for the keys. */
  get root(): string {
    const { cacheDir } = toConfig(resolveSettings(new Map(), this.env));
    return this.dir.join("cache", "trust", (typeof cacheDir === "object" && cacheDir.trustSet) || "");
  }

  /** Counts the key of the forward proxy among the secrets; returns the file that it is in. */
  addCaKey(): string {
    const path = join(this.root, "state", "revproxy-ca.pem");
    const [, body = ""] = /-----BEGIN PRIVATE KEY-----\n([^\n]+)/.exec(readFileSync(path, "utf8")) ?? [];
    if (body.length < 32) throw new Error("there is no key");
    this.#secrets.set("the forward proxy's key", body);
    return path;
  }

  /** The names of the secrets in files. */
  leaksOfFiles(files: readonly { path: string; bytes: Buffer }[]): string[] {
    return files.flatMap(({ path, bytes }) => this.leaksOf(bytes).map((leak) => `${path}: ${leak}`));
  }

  /** The names of the secrets in a text. */
  leaksOf(content: string | Uint8Array): string[] {
    const bytes = Buffer.from(content as string);
    return [...this.#secrets].filter(([, secret]) => bytes.includes(secret)).map(([name]) => name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** The contents of regular files below `dir`, by absolute path. */
export function contentsBelow(dir: string): { path: string; bytes: Buffer }[] {
  return filesBelow(dir).map((name) => ({ path: join(dir, name), bytes: readFileSync(join(dir, name)) }));
}

/** The command lines of all running processes of the program, which every user can read. */
export function commandLines(): string[] {
  const program = realpathSync(binaryPath());
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/exe`) === program
          ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")]
          : [];
      } catch {
        // It has ended.
        return [];
      }
    });
}

/** Refuses requests without credentials, and redirects others to a signed URL that does not answer. */
function moduleUpstream(signature: string): { port: number } & AsyncDisposable {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      if (!request.headers.has("authorization")) return new Response("who are you?", { status: 401 });
      if (request.url.endsWith(".info")) {
        const location = `http://127.0.0.1:1/info?X-Amz-Signature=${signature}`;
        return new Response(null, { status: 302, headers: { location } });
      }
      return new Response(`not found: ${request.url}`, { status: 404 });
    },
  });
  return { port: server.port ?? 0, [Symbol.asyncDispose]: () => server.stop(true) };
}

async function refusingProxy(stack: AsyncDisposableStack): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () =>
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
    );
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  stack.defer(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
