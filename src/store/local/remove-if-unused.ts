/**
 * Evicts files that other processes may take into use in the same moment, without locks. Whoever evicts first writes a
 * notice, `tmp/evict-<kind>-<name>`, and then looks at the file's last use; whoever uses a file first marks it, and then
 * looks for a notice. So one of the two sees the other: either the file stays, or its user waits and sees that it is gone.
 */
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { removeFile } from "../../lib/files/remove-file.ts";
import { putBack } from "../../lib/files/remove-file-if.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import { lastUseMs } from "./last-use.ts";
import type { LocalDir } from "./local-dir.ts";

/** An eviction takes a fraction of a millisecond; one that takes longer than this was killed or suspended. */
const WAIT_MS = 200;

/** Removes a file that was last used before `beforeMs`; returns whether it did. */
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
    // Another process is at it, or nothing can be written, and then nothing removed.
    return false;
  }
  try {
    return isUnused() && removeUnlessReplaced(dir, { kind, name, path, beforeMs });
  } catch {
    // Held open (Windows), removed by somebody else, or in a directory that can't be written.
    return false;
  } finally {
    removeFile(notice);
  }
}

/**
 * Whether a file that was marked as used, or put, just now stays: waits while its eviction is under way. `false`: it is
 * gone, or may be soon.
 */
export function survivesEviction(dir: LocalDir, kind: string, name: string): boolean {
  const notice = dir.noticePath(kind, name);
  for (let waitedMs = 0; existsSync(notice); waitedMs++) {
    if (waitedMs === WAIT_MS) return false;
    Bun.sleepSync(1);
  }
  return statPlainFile(dir.path(kind, name)) !== undefined;
}

/** A put does not look for a notice before it replaces the file: its file is moved aside, looked at, and put back. */
function removeUnlessReplaced(
  dir: LocalDir,
  { kind, name, path, beforeMs }: { kind: string; name: string; path: string; beforeMs: number },
): boolean {
  const aside = dir.moveAside(kind, name);
  if (lastUseMs(kind, statSync(aside)) < beforeMs) return removeFile(aside);
  putBack(aside, path);
  return false;
}
