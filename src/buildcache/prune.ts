/**
 * Keeps the local cache within its limits: entries not used for the expiry go, then the least recently used until
 * the outputs and the named files of the proxies fit the size limit. The last use of a file is its time of last change.
 *
 * go opens paths that it was given long before, also through tools that run after it, so nothing used within the
 * last six hours is ever removed, whatever the limits say.
 */
import { join } from "node:path";
import { listFiles } from "../lib/list-files.ts";
import type { OnProgress } from "../lib/progress.ts";
import { removeFile } from "../lib/remove-file.ts";
import { readSmallFile } from "../lib/small-file.ts";
import { statPlainFile } from "../lib/stat-file.ts";
import {
  ACTION_DIR,
  type LocalDir,
  META_SUFFIX,
  MODULE_DIR,
  OUTPUT_DIR,
  REVPROXY_DIR,
  TEMP_DIR,
} from "../store/local-dir.ts";
import { removeIfUnused } from "../store/remove-if-unused.ts";
import { MAX_RECORD_BYTES, parseActionRecord } from "./action-record.ts";

/** Nothing that was used within this time is removed. */
const KEEP_MS = 6 * 3_600_000;

export interface PruneLimits {
  /** `undefined`: entries don't expire. */
  expiryMs: number | undefined;
  /** 0: no limit. */
  maxSizeBytes: number;
}

export interface PruneReport {
  removedOutputs: number;
  removedBytes: number;
  /** What the outputs take now. */
  keptBytes: number;
}

/** What takes room. */
const KINDS = [OUTPUT_DIR, ...[MODULE_DIR, REVPROXY_DIR].flatMap((kind) => [kind, kind + META_SUFFIX])];

/** Told of the action of each record that is removed. */
type OnForgotten = (actionId: string) => void;

interface CachedFile {
  kind: string;
  id: string;
  sizeBytes: number;
  usedMs: number;
}

/**
 * Prunes one directory. Other processes may use it at the same time: a file that turns out to be in use is left.
 * Foreign files are not looked at. `onForgotten` is told of each action whose record is removed.
 */
export function prune(
  dir: LocalDir,
  limits: PruneLimits,
  options: { nowMs?: number; onProgress?: OnProgress | undefined; onForgotten?: OnForgotten } = {},
): PruneReport {
  const { nowMs = Date.now(), onProgress = () => {}, onForgotten = () => {} } = options;
  const files = KINDS.flatMap((kind) => listCached(dir, kind, onProgress));
  const unwanted = chooseUnwanted(files, limits, nowMs);
  const outputs = [...unwanted].filter(({ kind }) => kind === OUTPUT_DIR);
  removeRecords(dir, new Set(outputs.map(({ id }) => id)), { nowMs, onProgress, onForgotten });
  const report = { removedOutputs: 0, removedBytes: 0, keptBytes: 0 };
  for (const [index, file] of files.entries()) {
    const { kind, id, sizeBytes } = file;
    onProgress({ stage: "pruning", done: index, total: files.length });
    const isRemoved = unwanted.has(file) && removeIfUnused(dir, kind, id, nowMs - KEEP_MS);
    if (!isRemoved) report.keptBytes += sizeBytes;
    else {
      report.removedOutputs++;
      report.removedBytes += sizeBytes;
    }
  }
  removeForgottenTemps(dir, nowMs);
  return report;
}

function listCached(dir: LocalDir, kind: string, onProgress: OnProgress): CachedFile[] {
  const files: CachedFile[] = [];
  for (const id of listIds(dir, kind)) {
    const stat = statPlainFile(dir.path(kind, id));
    if (stat !== undefined) files.push({ kind, id, sizeBytes: stat.size, usedMs: stat.mtimeMs });
    onProgress({ stage: "looking at files", done: files.length });
  }
  return files;
}

function chooseUnwanted(files: CachedFile[], limits: PruneLimits, nowMs: number): Set<CachedFile> {
  const unwanted = new Set<CachedFile>();
  let totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const file of files.toSorted((a, b) => a.usedMs - b.usedMs)) {
    const ageMs = nowMs - file.usedMs;
    const isExpired = limits.expiryMs !== undefined && ageMs > limits.expiryMs;
    const isTooMuch = limits.maxSizeBytes > 0 && totalBytes > limits.maxSizeBytes;
    if (ageMs <= KEEP_MS || !(isExpired || isTooMuch)) break;
    unwanted.add(file);
    totalBytes -= file.sizeBytes;
  }
  return unwanted;
}

/** Records go before their outputs, so that no reader finds a record and misses its output. */
function removeRecords(
  dir: LocalDir,
  unwanted: Set<string>,
  { nowMs, onProgress, onForgotten }: { nowMs: number; onProgress: OnProgress; onForgotten: OnForgotten },
): void {
  const ids = listIds(dir, ACTION_DIR);
  for (const [index, id] of ids.entries()) {
    onProgress({ stage: "looking at records", done: index, total: ids.length });
    const path = dir.path(ACTION_DIR, id);
    const outputId = readOutputId(path);
    if (outputId === undefined) continue;
    if (unwanted.has(outputId) ? !isInUse(dir, outputId, nowMs) : isDangling(dir, path, outputId, nowMs)) {
      removeFile(path);
      onForgotten(id);
    }
  }
}

function readOutputId(path: string): string | undefined {
  try {
    return parseActionRecord(readSmallFile(path, MAX_RECORD_BYTES).toString("latin1"))?.outputId;
  } catch {
    return undefined;
  }
}

function isInUse(dir: LocalDir, outputId: string, nowMs: number): boolean {
  const stat = statPlainFile(dir.path(OUTPUT_DIR, outputId));
  return stat !== undefined && nowMs - stat.mtimeMs <= KEEP_MS;
}

function isDangling(dir: LocalDir, recordPath: string, outputId: string, nowMs: number): boolean {
  if (statPlainFile(dir.path(OUTPUT_DIR, outputId)) !== undefined) return false;
  const stat = statPlainFile(recordPath);
  return stat !== undefined && nowMs - stat.mtimeMs > KEEP_MS;
}

function removeForgottenTemps(dir: LocalDir, nowMs: number): void {
  const root = join(dir.root, TEMP_DIR);
  for (const name of listFiles(root)) {
    const stat = statPlainFile(join(root, name));
    if (stat !== undefined && nowMs - stat.mtimeMs > KEEP_MS) removeFile(join(root, name));
  }
}

function listIds(dir: LocalDir, kind: string): string[] {
  const groups = listFiles(join(dir.root, kind)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  return groups.flatMap((group) =>
    listFiles(join(dir.root, kind, group)).filter(
      (name) => name.startsWith(group) && /^[0-9a-f]+$/.test(name),
    ),
  );
}
