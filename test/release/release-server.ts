/** A release made by `release.ts` from the executable under test, and a server that has it, on this machine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, PROJECT_DIR } from "../support/binary.ts";
import { plainEnv, run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

export interface ReleaseServer extends AsyncDisposable {
  readonly url: string;
  readonly dir: string;
  /** Paths that were asked for, without those of before. */
  takeRequests(): string[];
  /** Answers this for a file from now on; `undefined`: 404. */
  replace(name: string, body: Uint8Array | string | undefined): void;
  sumOf(name: string): string;
}

/** The targets that the machine which runs the tests can be. */
const TARGETS = ["linux-x64", "linux-x64-baseline", "linux-arm64", "darwin-arm64", "darwin-x64"];

export async function startReleaseServer(): Promise<ReleaseServer> {
  const dir = tempDir("release");
  await makeRelease(dir);
  const archive = await Bun.file(dir.join("release/go-cache-plugin-linux-x64.tar.gz")).bytes();
  const sum = new Bun.CryptoHasher("sha256").update(archive).digest("hex");
  const names = TARGETS.map((target) => `go-cache-plugin-${target}.tar.gz`);
  // One executable in the place of each: packing it takes seconds.
  const files = new Map<string, Uint8Array | string | undefined>(names.map((name) => [name, archive]));
  files.set("SHA256SUMS", names.map((name) => `${sum}  ${name}\n`).join(""));
  const requests: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const path = new URL(request.url).pathname;
      requests.push(path);
      const body = files.get(path.slice(1));
      return body === undefined ? new Response("no such file", { status: 404 }) : new Response(body);
    },
  });
  return {
    url: server.url.href,
    dir: dir.join("release"),
    takeRequests: () => requests.splice(0, requests.length),
    replace: (name, body) => files.set(name, body),
    sumOf: () => sum,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      dir[Symbol.dispose]();
    },
  };
}

async function makeRelease(dir: TempDir): Promise<void> {
  const executable = dir.join("go-cache-plugin-linux-x64");
  await run(["cp", binaryPath(), executable]);
  const argv = [process.execPath, "release.ts", `--out=${dir.join("release")}`, executable];
  const outcome = await run(argv, { cwd: PROJECT_DIR, env: plainEnv() });
  if (outcome.exitCode !== 0) throw new Error(`release.ts: ${outcome.stderr}`);
}

/** What a release has about one file: `SHA256SUMS`. */
export function releaseText(server: ReleaseServer, name: string): string {
  return readFileSync(join(server.dir, name), "utf8");
}
