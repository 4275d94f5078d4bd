/**
 * Where cmd/go builds: `os.MkdirTemp($GOTMPDIR, "go-build")`, which it removes when its helper has closed stdout. It sets
 * GOTMPDIR for its helper.
 */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "../lib/files/list-files.ts";
import { isPlainFileName } from "../lib/files/plain-file-name.ts";

/** go commands that run at once on a machine, and leave-behinds of those that were killed. */
const MAX_FOLDERS = 32;
/** The main package comes first. */
const PROGRAM_DIR = "b001/exe";
const OTHERS_BITS = 0o077;
/** The name of what no command runs: `go build` of several programs throws them away. */
const UNNAMED = /^a\.out(?:\.exe)?$/;

/** A program that a go command runs from its work folder, maybe not linked yet. */
export interface ProgramFile {
  path: string;
  name: string;
}

/**
 * The programs in work folders that this user alone may open, those of the newest folders first. None on Windows, where
 * a file does not tell whose it is. Never throws.
 */
export function listPrograms(env: Record<string, string | undefined>): ProgramFile[] {
  const user = process.geteuid?.();
  if (user === undefined) return [];
  // A relative path is go's, too: its helper has the same working directory.
  const parent = env.GOTMPDIR || env.TMPDIR || "/tmp";
  return listFiles(parent)
    .filter((name) => /^go-build\d+$/.test(name))
    .flatMap((name) => lookAt(join(parent, name), user) ?? [])
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
    .slice(0, MAX_FOLDERS)
    .flatMap(({ path }) => programsIn(join(path, PROGRAM_DIR)));
}

/** `undefined`: it is no folder that `user` alone may open. */
function lookAt(path: string, user: number): { path: string; mtimeMs: number } | undefined {
  try {
    const stat = lstatSync(path);
    const isOurs = stat.isDirectory() && stat.uid === user && (stat.mode & OTHERS_BITS) === 0;
    return isOurs ? { path, mtimeMs: stat.mtimeMs } : undefined;
  } catch {
    // go has removed it in this moment.
    return undefined;
  }
}

function programsIn(folder: string): ProgramFile[] {
  return listFiles(folder)
    .filter((name) => !UNNAMED.test(name) && isPlainFileName(name))
    .map((name) => ({ path: join(folder, name), name }));
}
