import { linkSync, renameSync, statSync } from "node:fs";
import { isErrno } from "../lib/errno.ts";
import { removeFile } from "../lib/remove-file.ts";
import { statPlainFile } from "../lib/stat-file.ts";
import { lastUseMs } from "./last-use.ts";
import type { LocalDir } from "./local-dir.ts";

/**
 * Removes a file that was last used before `beforeMs`; returns whether it did.
 *
 * Between a look at the file and its removal another process may take it into use. So it is first moved out of
 * sight, then looked at: one that was marked as used in that moment is put back, and one that a reader wants to mark
 * after it is gone, which the reader sees.
 */
export function removeIfUnused(dir: LocalDir, kind: string, name: string, beforeMs: number): boolean {
  const path = dir.path(kind, name);
  const stat = statPlainFile(path);
  if (stat === undefined || lastUseMs(kind, stat) >= beforeMs) return false;
  try {
    const aside = dir.moveAside(kind, name);
    if (lastUseMs(kind, statSync(aside)) >= beforeMs) {
      putBack(aside, path);
      return false;
    }
    return removeFile(aside);
  } catch {
    // Held open (Windows), removed by somebody else, or in a directory that can't be written.
    return false;
  }
}

/** A link, unlike a rename, leaves alone what was put anew in this moment. */
function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    // A file system without hard links.
    if (!isErrno(error, "EEXIST")) renameSync(aside, path);
  }
  removeFile(aside);
}
