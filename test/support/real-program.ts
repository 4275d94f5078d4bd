import { chmodSync, cpSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { machineGoEnv } from "./go-toolchain.ts";
import { plainEnv, run } from "./process.ts";

/** A program of several hundred packages, from the module proxy: the S3 server that the tests use. */
const MODULE = "github.com/versity/versitygw@v1.8.0";

/** A copy of the program's source, its modules being in the module cache. */
export interface RealProgram {
  dir: string;
  mainPackage: string;
}

/** Copies the program's source to `dir` and fetches its modules. */
export async function realProgram(dir: string): Promise<RealProgram> {
  const env = plainEnv({ ...(await machineGoEnv()), GOFLAGS: "-mod=mod", GOENV: "off" });
  const download = await run(["go", "mod", "download", "-json", MODULE], { env });
  if (download.exitCode !== 0)
    throw new Error(`go mod download ${MODULE}: ${download.stdout}${download.stderr}`);
  const { Dir: sourceDir } = JSON.parse(download.stdout) as { Dir: string };
  // Files that look just made would not be indexed by go, and the second machine would miss their indexes.
  cpSync(sourceDir, dir, { recursive: true, preserveTimestamps: true });
  makeWritable(dir);
  const modules = await run(["go", "mod", "download"], { env, cwd: dir });
  if (modules.exitCode !== 0) throw new Error(`go mod download: ${modules.stderr}`);
  return { dir, mainPackage: "./cmd/versitygw" };
}

/** The module cache is read-only, and so would be the copy. */
function makeWritable(path: string): void {
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) {
    const child = join(path, name);
    if (statSync(child).isDirectory()) makeWritable(child);
  }
}
