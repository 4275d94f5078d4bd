import { linkSync, renameSync, rmSync, statSync } from "node:fs";
import type { LocalDir } from "./local-dir.ts";

/**
 * Removes a file that was last used before `beforeMs` (its time of last change); returns whether it did.
 *
 * Between a look at the file and its removal another process may take it into use. So it is first moved out of
 * sight, then looked at: one that was marked as used in that moment is put back, and one that a reader wants to mark
 * after it is gone, which the reader sees.
 */
export function removeIfUnused(dir: LocalDir, kind: string, name: string, beforeMs: number): boolean {
  const path = dir.path(kind, name);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.mtimeMs >= beforeMs) return false;
  const aside = dir.tempPath();
  try {
    renameSync(path, aside);
    const isUsed = statSync(aside).mtimeMs >= beforeMs;
    if (isUsed) linkSync(aside, path);
    rmSync(aside, { force: true });
    return !isUsed;
  } catch {
    // Held open (Windows), put anew in this moment, or removed by somebody else.
    rmSync(aside, { force: true });
    return false;
  }
}
