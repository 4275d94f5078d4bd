/**
 * Evicts files without locks while other processes may begin to use them. An eviction first writes a notice,
 * `tmp/evict-<kind>-<name>`, and then checks the file's last use. A use first marks the file and then checks for a
 * notice. So at least one of the two sees the other: either the file stays, or its user waits and sees that it is gone.
 */
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { removeFile } from "../../lib/files/remove-file.ts";
import { putBack } from "../../lib/files/remove-file-if.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import { lastUseMs } from "./last-use.ts";
import type { LocalDir } from "./local-dir.ts";

/** An eviction takes less than a millisecond. One that takes longer than this was killed or suspended. */
const WAIT_MS = 200;

/** Removes a file that was last used before `beforeMs`. Returns whether it was removed. */
export function removeIfUnused(dir: LocalDir, kind: string, name: string, beforeMs: number): boolean {
  const path = dir.path(kind, name);
  const isUnused = () => {
    const stat = statPlainFile(path);
    return stat !== undefined && lastUseMs(kind, stat) < beforeMs;
  };
  if (!isUnused()) return false;
  const notice = dir.noticePath(kind, name);
  try {
    dir.withParent(notice, () => closeSync(openSync(notice, "wx", 0o600)));
  } catch {
    // Another process is evicting it, or the directory is read-only.
    return false;
  }
  try {
    return isUnused() && removeUnlessReplaced(dir, { kind, name, path, beforeMs });
  } catch {
    // The file is open (Windows), has been removed meanwhile, or its directory is read-only.
    return false;
  } finally {
    removeFile(notice);
  }
}

/**
 * Whether a file stays that was just marked as used or written. Waits while an eviction is in progress. `false`: the
 * file is gone, or may be soon.
 */
export function survivesEviction(dir: LocalDir, kind: string, name: string): boolean {
  const notice = dir.noticePath(kind, name);
  for (let waitedMs = 0; existsSync(notice); waitedMs++) {
    if (waitedMs === WAIT_MS) return false;
    Bun.sleepSync(1);
  }
  return statPlainFile(dir.path(kind, name)) !== undefined;
}

/**
 * A put may replace the file without checking for a notice. So the file is moved aside, checked again, and moved back
 * if it is new.
 */
function removeUnlessReplaced(
  dir: LocalDir,
  { kind, name, path, beforeMs }: { kind: string; name: string; path: string; beforeMs: number },
): boolean {
  const aside = dir.moveAside(kind, name);
  if (lastUseMs(kind, statSync(aside)) < beforeMs) return removeFile(aside);
  putBack(aside, path);
  return false;
}
