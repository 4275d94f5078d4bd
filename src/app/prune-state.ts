/** Removes what is remembered of jobs that do not run on this machine any more: every branch leaves its records here. */
import { lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "../lib/list-files.ts";
import { STATE_DIR } from "../store/local-dir.ts";

/** For as long `gc` keeps their records in the bucket. What is removed too early is read again. */
const KEPT_MS = 14 * 24 * 3_600_000;
/** A bucket's directory, and a job's in it; see `statePath` and `scopeHash`. */
const BUCKET = /^packed-[0-9a-f]{16}$/;
const JOB = /^[0-9a-f]{16}$/;
/** Written whenever something is read or stored. */
const FILES = ["records.json", "run.json.zst"];

/** Never throws: what can't be removed stays. */
export function pruneState(root: string, nowMs = Date.now()): void {
  const state = join(root, STATE_DIR);
  const buckets = listFiles(state).filter((name) => BUCKET.test(name));
  const jobs = buckets.flatMap((bucket) =>
    listFiles(join(state, bucket))
      .filter((name) => JOB.test(name))
      .map((name) => join(state, bucket, name)),
  );
  for (const job of jobs) removeIfOld(job, nowMs);
}

function usedMs(job: string): number {
  // The directory itself is changed by its first file.
  const paths = [job, ...FILES.map((name) => join(job, name))];
  return Math.max(...paths.map((path) => lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}

function removeIfOld(job: string, nowMs: number): void {
  try {
    if (nowMs - usedMs(job) > KEPT_MS) rmSync(job, { recursive: true, force: true });
  } catch {
    // Another user's.
  }
}
