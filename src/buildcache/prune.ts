/**
 * Keeps a cache directory within its limits. It evicts expired files, then the least recently used ones until all
 * files, including action records and state files, fit the size limit. A file's size is the disk space of its blocks. A
 * record is never used later than its output, so it is evicted first or together with it; a record without its output
 * is a miss.
 *
 * go and tools that run after it open paths long after the lookup. Files used within the last six hours are therefore
 * never evicted, whatever the limits say.
 */
import { join } from "node:path";
import { diskBytes } from "../lib/files/disk-bytes.ts";
import { listFiles } from "../lib/files/list-files.ts";
import { removeFile } from "../lib/files/remove-file.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import { Garbage } from "../lib/garbage.ts";
import type { OnProgress } from "../lib/progress.ts";
import { lastUseMs } from "../store/local/last-use.ts";
import {
  ACTION_DIR,
  type LocalDir,
  META_SUFFIX,
  MODULE_DIR,
  OUTPUT_DIR,
  REVPROXY_DIR,
  TEMP_DIR,
} from "../store/local/local-dir.ts";
import { removeIfUnused } from "../store/local/remove-if-unused.ts";
import { BytesByUse, Eviction, KEEP_MS, type PruneLimits } from "./eviction.ts";
import { removeStrayNames } from "./program-names.ts";

export interface PruneReport {
  removedFiles: number;
  /** Disk space, like all sizes here. */
  removedBytes: number;
  keptBytes: number;
}

/** A directory with files that are useful only together. It is evicted as a whole, for size but not for age. */
export interface EvictableDir {
  usedMs: number;
  bytes: number;
  /** Returns whether the directory is removed. Never throws. */
  remove: () => boolean;
}

/** Files in the directory that are not cache entries. */
export interface OtherFiles {
  evictable: EvictableDir[];
  /** Bytes that can't be evicted. */
  fixedBytes: number;
}

/** Records first: a record must not outlive its output. */
const KINDS = [
  ACTION_DIR,
  OUTPUT_DIR,
  ...[MODULE_DIR, REVPROXY_DIR].flatMap((kind) => [kind, kind + META_SUFFIX]),
];

/** The garbage of looking at one file: its path and its stat. */
const FILE_BYTES = 1 << 10;

interface CachedFile {
  kind: string;
  id: string;
  bytes: number;
  usedMs: number;
}

/**
 * Prunes one directory. Other processes may use it at the same time; files in use stay. Ignores foreign files. Calls
 * `onEvicted` with the action id of each evicted record.
 */
export function prune(
  dir: LocalDir,
  limits: PruneLimits,
  options: {
    nowMs?: number;
    others?: OtherFiles;
    onProgress?: OnProgress | undefined;
    onEvicted?: (actionId: string) => void;
  } = {},
): PruneReport {
  const { nowMs = Date.now(), others = NO_OTHERS, onProgress = () => {}, onEvicted = () => {} } = options;
  const use = new BytesByUse();
  use.addFixed(others.fixedBytes + removeStaleTemps(dir, nowMs));
  for (const { usedMs, bytes } of others.evictable) use.add(usedMs, bytes);
  let count = 0;
  for (const { usedMs, bytes } of listCached(dir)) {
    use.add(usedMs, bytes);
    onProgress({ stage: "looking at files", done: ++count });
  }
  const eviction = new Eviction(use, limits, nowMs);
  const report = { removedFiles: 0, removedBytes: 0, keptBytes: use.totalBytes };
  const evicted = ({ usedMs, bytes }: { usedMs: number; bytes: number }) => {
    eviction.evicted(usedMs, bytes);
    report.removedFiles++;
    report.removedBytes += bytes;
    report.keptBytes -= bytes;
  };
  const evictAll = () => {
    for (const unit of others.evictable)
      if (eviction.wants({ ...unit, canExpire: false }) && unit.remove()) evicted(unit);
    let done = 0;
    for (const file of listCached(dir)) {
      onProgress({ stage: "pruning", done: done++, total: count });
      if (!eviction.wants(file) || !removeIfUnused(dir, file.kind, file.id, eviction.keepFromMs)) continue;
      evicted(file);
      if (file.kind === ACTION_DIR) onEvicted(file.id);
    }
  };
  if (eviction.isNeeded) evictAll();
  // Also when nothing is evicted here: older versions and other tools evict outputs without their names.
  removeStrayNames(dir);
  return report;
}

const NO_OTHERS: OtherFiles = { fixedBytes: 0, evictable: [] };

/** Lists one directory at a time, so memory does not grow with the number of files. */
function* listCached(dir: LocalDir): Generator<CachedFile, void, void> {
  for (const kind of KINDS) {
    for (const id of listIds(dir, kind)) {
      const stat = statPlainFile(dir.path(kind, id));
      if (stat !== undefined) yield { kind, id, bytes: diskBytes(stat), usedMs: lastUseMs(kind, stat) };
    }
  }
}

/** Returns the bytes of the remaining temporary files. */
function removeStaleTemps(dir: LocalDir, nowMs: number): number {
  const root = join(dir.root, TEMP_DIR);
  let keptBytes = 0;
  for (const name of listFiles(root)) {
    const stat = statPlainFile(join(root, name));
    const isStale = stat !== undefined && nowMs - stat.mtimeMs > KEEP_MS;
    if (stat !== undefined && !(isStale && removeFile(join(root, name)))) keptBytes += diskBytes(stat);
  }
  return keptBytes;
}

function* listIds(dir: LocalDir, kind: string): Generator<string, void, void> {
  const garbage = new Garbage();
  for (const group of listFiles(join(dir.root, kind))) {
    if (!/^[0-9a-f]{2}$/.test(group)) continue;
    const names = listFiles(join(dir.root, kind, group));
    for (const name of names) if (name.startsWith(group) && /^[0-9a-f]+$/.test(name)) yield name;
    garbage.release(FILE_BYTES * names.length);
  }
}
