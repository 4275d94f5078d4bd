import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { TOOL_CACHE_DIR } from "./binary.ts";
import { type GoRelease, machineGoEnv } from "./go-toolchain.ts";
import { plainEnv, run } from "./process.ts";
import { tempDir } from "./temp-dir.ts";

/** A program that `go install <pkg>@<version>` makes with one go release. */
export interface InstallableTool {
  pkg: string;
  version: string;
  release: GoRelease;
}

/**
 * The path of a tool built by `go install <pkg>@<version>` with one Go release, built at the first call on
 * this machine and kept in `.cache/bin`. Two processes that build it at once both succeed. All tools share go's own
 * build cache in `.cache/go-build`: it may not depend on the executable under test.
 */
export async function goInstall(options: InstallableTool): Promise<string> {
  const name = options.pkg.slice(options.pkg.lastIndexOf("/") + 1);
  const binDir = join(TOOL_CACHE_DIR, "bin");
  const path = join(binDir, `${name}-${options.version}-go${options.release}`);
  if (existsSync(path)) return path;
  mkdirSync(TOOL_CACHE_DIR, { recursive: true });
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
  mkdirSync(binDir, { recursive: true });
  const half = join(binDir, `.${name}-${process.pid}`);
  await run(["cp", dir.join("bin", name), half]);
  renameSync(half, path);
  return path;
}
