/** A release made by `release.ts` from the executable under test, and a server for it on this machine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, PROJECT_DIR } from "../../support/binary.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

type ReleaseFile = Uint8Array | string | undefined;

export interface ReleaseServer extends AsyncDisposable {
  readonly url: string;
  readonly dir: string;
  /** The paths requested since the last call. */
  takeRequests(): string[];
  /** Changes the answer for a file; `undefined`: 404. Returns the previous one. */
  replace(name: string, body: ReleaseFile): ReleaseFile;
  sumOf(name: string): string;
}

/** The possible targets of the machine that runs the tests. */
const TARGETS = ["linux-x64", "linux-x64-baseline", "linux-arm64", "darwin-arm64", "darwin-x64"];

export async function startReleaseServer(): Promise<ReleaseServer> {
  const dir = tempDir("release");
  await makeRelease(dir);
  const files = new Map<string, ReleaseFile>();
  const sums = new Map<string, string>();
  for (const kind of ["tar.zst", "tar.gz"]) {
    const archive = await Bun.file(dir.join(`release/go-cache-plugin-linux-x64.${kind}`)).bytes();
    const sum = new Bun.CryptoHasher("sha256").update(archive).digest("hex");
    // The same executable for each of them: packing one takes seconds.
    for (const target of TARGETS) {
      files.set(`go-cache-plugin-${target}.${kind}`, archive);
      sums.set(`go-cache-plugin-${target}.${kind}`, sum);
    }
  }
  files.set("SHA256SUMS", [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join(""));
  files.set("install.sh", readFileSync(dir.join("release/install.sh")));
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
    replace(name, body) {
      const before = files.get(name);
      files.set(name, body);
      return before;
    },
    sumOf: (name) => sums.get(name) ?? "",
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      dir[Symbol.dispose]();
    },
  };
}

async function makeRelease(dir: TempDir): Promise<void> {
  const executable = dir.join("go-cache-plugin-linux-x64");
  await run(["cp", binaryPath(), executable]);
  const argv = [process.execPath, "release.ts", `--out=${dir.join("release")}`, "--quick", executable];
  const outcome = await run(argv, { cwd: PROJECT_DIR, env: plainEnv() });
  if (outcome.exitCode !== 0) throw new Error(`release.ts: ${outcome.stderr}`);
}

/** The line of a release's `SHA256SUMS` for one file. */
export function releaseText(server: ReleaseServer, name: string): string {
  return readFileSync(join(server.dir, name), "utf8");
}
