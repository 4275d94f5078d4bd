/**
 * The file names of programs that go runs from the cache, which see their own: `program/<xx>/<output>/<file name>` is the
 * same file as `output/<xx>/<output>`, by a hard link. Without it go runs the output under its hash.
 */
import { accessSync, constants, lstatSync, rmSync, type Stats } from "node:fs";
import { sep } from "node:path";
import { listFiles } from "../lib/files/list-files.ts";
import { isPlainFileName } from "../lib/files/plain-file-name.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import { type LocalDir, OUTPUT_DIR, PROGRAM_DIR } from "../store/local/local-dir.ts";
import { listIds } from "./list-ids.ts";

const EXECUTE_BITS = 0o111;

/** Gives an output its name, in place of another one. Returns whether it has it: not every file system has links. */
export function nameProgram(dir: LocalDir, outputId: string, name: string): boolean {
  if (!isPlainFileName(name)) return false;
  const folder = dir.path(PROGRAM_DIR, outputId);
  try {
    for (const other of listFiles(folder)) if (other !== name) rmSync(`${folder}/${other}`, { force: true });
    dir.link(dir.path(OUTPUT_DIR, outputId), `${folder}/${name}`);
    return true;
  } catch {
    return false;
  }
}

/** The name of an output, and its path for go; `undefined` if it has none, as everything but programs. */
export function findProgram(
  dir: LocalDir,
  outputId: string,
  output: Stats,
): { executable: string; path: string } | undefined {
  if (!isMarked(output)) return undefined;
  const folder = dir.path(PROGRAM_DIR, outputId);
  const [executable, ...others] = listFiles(folder);
  if (executable === undefined || others.length > 0 || !isPlainFileName(executable)) return undefined;
  // The output may have been replaced or copied, and is what is checked and counted.
  const named = statPlainFile(`${folder}/${executable}`);
  if (named === undefined) return undefined;
  if (named.ino !== output.ino && !nameProgram(dir, outputId, executable)) return undefined;
  return { executable, path: `${dir.shownPath(PROGRAM_DIR, outputId)}${sep}${executable}` };
}

/** Whether go can run the file, if it is a program: it may lie on a file system without programs (`noexec`). */
export function mayRun(path: string, output: Stats): boolean {
  if (!isMarked(output)) return true;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Only programs are marked as executable. */
function isMarked({ mode }: Stats): boolean {
  return (mode & EXECUTE_BITS) !== 0;
}

/** Removes the names of outputs that are gone, so that these take no space. */
export function removeStrayNames(dir: LocalDir): void {
  for (const outputId of listIds(dir, PROGRAM_DIR)) {
    const folder = dir.path(PROGRAM_DIR, outputId);
    if (lstatSync(dir.path(OUTPUT_DIR, outputId), { throwIfNoEntry: false }) !== undefined) continue;
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // The directory is read-only.
    }
  }
}
