import { join } from "node:path";
import { mistakenModule } from "./go-project.ts";
import { type GoRelease, go, goEnv } from "./go-toolchain.ts";
import { newMachine } from "./machine.ts";
import { type Outcome, run } from "./process.ts";
import type { TempDir } from "./temp-dir.ts";

/** Runs a linter over the module with mistakes, on a machine with an empty disk and read access to a warm bucket. */
export type Lint = (argv: string[], name: string) => Promise<Outcome>;

/** Fills the bucket from another machine with the entries that linters read. */
export async function setLinterStage(dir: TempDir, release: GoRelease): Promise<Lint> {
  const project = mistakenModule(dir.join("project"));
  const flags = [`--bucket=file://${dir.join("bucket")}`, "--layout=split"];
  const warm = newMachine(dir.join("writer"), { release, flags });
  const list = ["list", "-export", "-deps", "-test", "-compiled", "./..."];
  const { exitCode, stderr } = await go(warm, list, { cwd: project });
  if (exitCode !== 0) throw new Error(`go list: ${stderr}`);
  return async (argv, name) => {
    const lintCache = join(dir.path, name, "lint");
    const machine = newMachine(dir.join(name), {
      release,
      flags: [...flags, "--read-only"],
      env: { GOLANGCI_LINT_CACHE: lintCache, STATICCHECK_CACHE: lintCache },
    });
    return await run(argv, { cwd: project, env: await goEnv(machine) });
  };
}
