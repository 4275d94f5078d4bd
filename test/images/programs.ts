import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { releaseExecutable } from "../../targets.ts";
import { PROJECT_DIR } from "../support/binary.ts";
import { go, NEWEST_GO } from "../support/go-toolchain.ts";
import { plainEnv, run } from "../support/process.ts";

export interface ReleasedPrograms {
  /** The directory of the unpacked program, with the timer. */
  programsDir: string;
  archive: string;
  archiveBytes: number;
}

/** Compiles for `target`, packs a release, and unpacks it below `dir` as an installer does. */
export async function releasedPrograms(target: string, dir: string): Promise<ReleasedPrograms> {
  const [out, programsDir] = [join(dir, "release"), join(dir, "bin")];
  mkdirSync(programsDir, { recursive: true });
  await must([process.execPath, "build.ts", target]);
  await must([process.execPath, "release.ts", `--out=${out}`, "--quick", releaseExecutable(target)]);
  const archive = `${basename(releaseExecutable(target))}.tar.gz`;
  await must(["tar", "-xzf", join(out, archive), "-C", programsDir]);
  await buildTimer(join(programsDir, "timer"));
  return { programsDir, archive, archiveBytes: Bun.file(join(out, archive)).size };
}

/** See timer.go. */
export async function buildTimer(path: string): Promise<void> {
  const gocache = `${path}-cache`;
  const source = join(import.meta.dir, "timer.go");
  const outcome = await go({ release: NEWEST_GO, gocache }, ["build", "-o", path, source], { cwd: "/" });
  if (outcome.exitCode !== 0) throw new Error(`timer.go: ${outcome.stderr}`);
}

async function must(argv: string[]): Promise<void> {
  const { stderr, exitCode } = await run(argv, { cwd: PROJECT_DIR, env: plainEnv() });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
}
