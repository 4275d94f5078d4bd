import { chmodSync, cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { machineGoEnv, NEWEST_GO } from "./go-toolchain.ts";
import { plainEnv, run } from "./process.ts";

/** A program at the module proxy. */
export interface ProgramSource {
  module: string;
  mainPackage: string;
}

/** A program of several hundred packages: the S3 server that the tests use. */
const LARGE_PROGRAM: ProgramSource = {
  module: "github.com/versity/versitygw@v1.8.0",
  mainPackage: "./cmd/versitygw",
};

/** A copy of the program's source, with its modules in the module cache. */
export interface RealProgram {
  dir: string;
  mainPackage: string;
}

/** Copies the program's source to `dir` and fetches the modules that its build needs. */
export async function realProgram(
  dir: string,
  { module, mainPackage }: ProgramSource = LARGE_PROGRAM,
): Promise<RealProgram> {
  const machineEnv = await machineGoEnv();
  const env = plainEnv({
    ...machineEnv,
    GOFLAGS: "-mod=mod",
    GOENV: "off",
    GOTOOLCHAIN: `go${NEWEST_GO}`,
    CGO_ENABLED: "0",
  });
  const fail = (what: string, why: string): never => {
    throw new Error(
      `${what} can't be fetched; it needs Go 1.21 or newer, a network, and a module proxy in GOPROXY (now ${machineEnv.GOPROXY}):\n${why}`,
    );
  };
  const download = await run(["go", "mod", "download", "-json", module], { env });
  if (download.exitCode !== 0) fail(module, download.stdout + download.stderr);
  const { Dir: sourceDir } = JSON.parse(download.stdout) as { Dir: string };
  // go does not index very new files, and the second machine would miss their indexes.
  cpSync(sourceDir, dir, { recursive: true, preserveTimestamps: true });
  makeWritable(dir);
  const modules = await run(["go", "list", "-deps", mainPackage], { env, cwd: dir });
  if (modules.exitCode !== 0) fail(`the modules of ${module}`, modules.stderr);
  return { dir, mainPackage };
}

/** A copy of the read-only module cache is read-only: go could not write go.mod, nor Windows remove a file. */
function makeWritable(path: string): void {
  chmodSync(path, 0o755);
  for (const child of readdirSync(path, { withFileTypes: true })) {
    if (child.isDirectory()) makeWritable(join(path, child.name));
    else chmodSync(join(path, child.name), 0o644);
  }
}
