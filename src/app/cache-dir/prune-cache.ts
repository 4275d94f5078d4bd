/**
 * When the cache directory is pruned: at most once an hour, by one process at a time.
 *
 *     state/prune.lock    exists while pruning; stale when older than an hour
 *     state/prune.json    {"keptBytes":…}, what was left; its time of last change is when that was
 */
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PruneLimits } from "../../buildcache/eviction.ts";
import { type PruneReport, prune } from "../../buildcache/prune.ts";
import { makePrivateDir } from "../../lib/files/private-dir.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { statFile } from "../../lib/files/stat-file.ts";
import { jsonOf, StateFile } from "../../lib/files/state-file.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { isNumber, shape } from "../../lib/shape.ts";
import { LocalDir, STATE_DIR } from "../../store/local/local-dir.ts";
import { pruneState } from "./prune-state.ts";
import { MAX_PRUNED_IDS, notePruned } from "./pruned-actions.ts";

const HOUR_MS = 3_600_000;

/** Whether the last pruning was more than an hour ago. */
export function isPruneDue(root: string): boolean {
  const { ageMs } = stampFile(root);
  return ageMs === undefined || Math.abs(ageMs) > HOUR_MS;
}

/** How many bytes the last pruning left in place; 0 when there was none. */
export function bytesAfterLastPrune(root: string): number {
  return stampFile(root).load()?.keptBytes ?? 0;
}

/** Prunes now. `undefined`: another process is pruning, or the directory can't be written. */
export function pruneNow(
  root: string,
  limits: PruneLimits,
  onProgress?: OnProgress,
  nowMs = Date.now(),
): PruneReport | undefined {
  // Another process may have removed it since; pruning does not create it again.
  if (!existsSync(root)) return { removedFiles: 0, removedBytes: 0, keptBytes: 0 };
  const lock = join(root, STATE_DIR, "prune.lock");
  if (!acquire(lock)) return undefined;
  try {
    const forgotten: string[] = [];
    const onEvicted = (actionId: string) => {
      if (forgotten.length < MAX_PRUNED_IDS) forgotten.push(actionId);
    };
    const others = pruneState(root, nowMs);
    const report = prune(new LocalDir(root), limits, { nowMs, others, onProgress, onEvicted });
    notePruned(root, forgotten);
    // Where that fails, the next helper prunes again.
    stampFile(root).save({ keptBytes: report.keptBytes });
    return report;
  } finally {
    removeFile(lock);
  }
}

function stampFile(root: string): StateFile<Pick<PruneReport, "keptBytes">> {
  return new StateFile(join(root, STATE_DIR, "prune.json"), jsonOf(shape({ keptBytes: isNumber })));
}

function acquire(lock: string): boolean {
  try {
    makePrivateDir(dirname(lock));
    const stat = statFile(lock);
    if (stat !== undefined && Date.now() - stat.mtimeMs > HOUR_MS) removeFile(lock);
    // Empty: a disk that is full takes a name, but not a byte.
    writeFileSync(lock, "", { flag: "wx", mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}
