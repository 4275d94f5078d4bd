/**
 * The files in `state/`, which count in the size limit: those that no process will read again are removed, and what is
 * remembered of a job can be evicted. Every branch, job, bucket and killed process leaves something here.
 */
import { lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EvictableDir, OtherFiles } from "../../buildcache/prune.ts";
import { diskBytes } from "../../lib/files/disk-bytes.ts";
import { listFiles } from "../../lib/files/list-files.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

const DAY_MS = 24 * 3_600_000;
/** For as long `gc` keeps a job's records in the bucket. If removed too early, it is read or measured again. */
const KEPT_MS = 14 * DAY_MS;
/** A bucket's directory, and a job's in it; see `statePath` and `scopeHash`. */
const BUCKET = /^packed-[0-9a-f]{16}$/;
const JOB = /^[0-9a-f]{16}$/;
/** Segments of all jobs of a bucket; see `SegmentFiles`. */
const SEGMENTS = "segments";
/** Notes about one bucket, server or cache directory of go's. */
const NOTE = /^((remote|native)-[0-9a-f]{16}\.(json|log|before)|region-[0-9a-f]{16}|silent-[0-9a-f]{16})$/;
/** A file that a killed process was writing; see `replaceFile`. */
const UNFINISHED = /\.\d+$/;
/** Claims are touched twice a second; see `Claims`. */
const CLAIM = /^claims[/\\]/;

interface ListedFile {
  /** Below the listed directory. */
  name: string;
  bytes: number;
  mtimeMs: number;
}

/** Never throws: files that can't be removed stay. */
export function pruneState(root: string, nowMs = Date.now()): OtherFiles {
  const state = join(root, STATE_DIR);
  const others: OtherFiles = { evictable: [], fixedBytes: 0 };
  const buckets = listFiles(state).filter((name) => BUCKET.test(name));
  for (const bucket of buckets) {
    const dir = join(state, bucket);
    const jobs = listFiles(dir).filter((name) => JOB.test(name));
    for (const job of jobs) addJob(others, join(dir, job), nowMs);
    addSegments(others, join(dir, SEGMENTS), nowMs);
    others.fixedBytes += sweep(dir, new Set([...jobs, SEGMENTS]), nowMs);
  }
  others.fixedBytes += sweep(state, new Set(buckets), nowMs);
  return others;
}

/** Each is fetched again if it was removed too early. */
function addSegments(others: OtherFiles, dir: string, nowMs: number): void {
  for (const { name, bytes, mtimeMs } of listTree(dir)) {
    const path = join(dir, name);
    const isUseless = nowMs - mtimeMs > KEPT_MS || (UNFINISHED.test(name) && nowMs - mtimeMs > DAY_MS);
    if (!isUseless || !removeFile(path))
      others.evictable.push({ usedMs: mtimeMs, bytes, remove: () => removeFile(path) });
  }
}

function addJob(others: OtherFiles, path: string, nowMs: number): void {
  const files = [...listTree(path)];
  const times = files.map(({ mtimeMs }) => mtimeMs);
  const job: EvictableDir = {
    // The directory itself is changed by its first file.
    usedMs: Math.max(lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs, ...times),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    remove: () => removeTree(path),
  };
  if (nowMs - job.usedMs <= KEPT_MS || !job.remove()) others.evictable.push(job);
}

/** Removes useless files; returns the size of the rest. */
function sweep(dir: string, besides: ReadonlySet<string>, nowMs: number): number {
  let keptBytes = 0;
  for (const { name, bytes, mtimeMs } of listTree(dir, besides)) {
    const ageMs = nowMs - mtimeMs;
    const isStale = (UNFINISHED.test(name) || CLAIM.test(name)) && ageMs > DAY_MS;
    const isRemoved = (isStale || (NOTE.test(name) && ageMs > KEPT_MS)) && removeFile(join(dir, name));
    if (!isRemoved) keptBytes += bytes;
  }
  return keptBytes;
}

/** All files below `dir`, not through links. */
function* listTree(
  dir: string,
  besides?: ReadonlySet<string>,
  below = "",
): Generator<ListedFile, void, void> {
  for (const entry of listFiles(join(dir, below))) {
    if (besides?.has(entry)) continue;
    const name = join(below, entry);
    const stat = statPlainFile(join(dir, name));
    if (stat === undefined) yield* listTree(dir, undefined, name);
    else yield { name, bytes: diskBytes(stat), mtimeMs: stat.mtimeMs };
  }
}

function removeTree(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    // Another user's.
    return false;
  }
}
