import { readdirSync } from "node:fs";
import { run } from "./process.ts";
import { tempDir } from "./temp-dir.ts";

/** Unpacks Debian's packages below `root`: nothing is installed, and no rights are needed. Throws when they can't be had. */
export async function unpackPackages(names: readonly string[], root: string): Promise<void> {
  await using dir = tempDir("packages");
  const download = ["apt-get", "download", ...names];
  let trouble = await attempt(download, dir.path);
  if (trouble !== "") {
    // A machine that has never asked what packages there are.
    await attempt(["apt-get", "update"], dir.path);
    trouble = await attempt(download, dir.path);
  }
  if (trouble !== "") throw new Error(`${names.join(", ")} can't be had from Debian: ${trouble}`);
  for (const file of readdirSync(dir.path)) {
    trouble ||= await attempt(["dpkg", "-x", file, root], dir.path);
  }
  if (trouble !== "") throw new Error(`${names.join(", ")}: ${trouble}`);
}

/** What went wrong; empty when nothing did. */
async function attempt(argv: string[], cwd: string): Promise<string> {
  if (Bun.which(argv[0] ?? "") === null) return `there is no ${argv[0]}`;
  const { exitCode, stderr } = await run(argv, { cwd });
  return exitCode === 0 ? "" : stderr;
}
