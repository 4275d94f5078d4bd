import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { TOOL_CACHE_DIR } from "./binary.ts";
import { machineGoEnv } from "./go-toolchain.ts";
import { makeOnce } from "./make-once.ts";
import { plainEnv, run } from "./process.ts";
import { tempDir } from "./temp-dir.ts";
import type { InstallableTool } from "./tools.ts";

/**
 * The path of a tool built by `go install <pkg>@<version>` with one Go release, built at the first call on
 * this machine and kept in `.cache/bin`. Two processes that build it at once both succeed. All tools share go's own
 * build cache in `.cache/go-build`: it may not depend on the executable under test.
 */
export async function goInstall(options: InstallableTool): Promise<string> {
  const name = options.pkg.slice(options.pkg.lastIndexOf("/") + 1);
  const path = join(TOOL_CACHE_DIR, "bin", `${name}-${options.version}-go${options.release}`);
  return await makeOnce(path, (half) => install(options, name, half));
}

/** Puts the program `name` at `path`. Rejects when go can't build it, or the disk is full. */
async function install(options: InstallableTool, name: string, path: string): Promise<void> {
  await using dir = tempDir("install");
  const env = plainEnv({
    ...(await machineGoEnv()),
    GOENV: "off",
    GOFLAGS: "",
    GOTOOLCHAIN: `go${options.release}`,
    GOCACHE: join(TOOL_CACHE_DIR, "go-build"),
    GOBIN: dir.join("bin"),
    CGO_ENABLED: "0",
  });
  const argv = ["go", "install", "-ldflags=-s", `${options.pkg}@${options.version}`];
  const outcome = await run(argv, { env, cwd: dir.path });
  if (outcome.exitCode !== 0) {
    throw new Error(
      `cannot build ${options.pkg}@${options.version} (needs go and its module proxy): ${outcome.stderr}`,
    );
  }
  await copyFile(dir.join("bin", name), path);
}
