/** `restore`: fills go's own cache directory with what this job's last run used. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { usedActions } from "../../gocache/scan.ts";
import { IdList } from "../../lib/id-list.ts";
import { startInBackground } from "../../lib/process/background.ts";
import type { RunContext } from "../direct.ts";
import { NATIVE_COUNTERS } from "../summary/native-figures.ts";
import { type NativeConfig, NativeJob } from "./native-job.ts";
import { settleMtimes } from "./settle-mtimes.ts";

export interface RestoreReport {
  /** Go's own cache directory. */
  path: string;
  /** Runs that were read; 0: none of this job is known. */
  records: number;
  /** Entries of these runs. */
  entries: number;
  /** Entries that could not be fetched, or not be written. */
  missing: number;
  fetchedBytes: number;
}

/** `setsMtimes`: see `settleMtimes`. Rejects when go has no cache directory, it can't be written, or the bucket can't be read. */
export async function restore(
  config: NativeConfig,
  context: RunContext,
  setsMtimes: boolean,
): Promise<RestoreReport> {
  using job = await begin(config, context, setsMtimes);
  const { path, counters } = job;
  counters.add(NATIVE_COUNTERS.restores);
  const remote = job.open(true);
  using _line = context.watchProgress(() => ({
    stage: "restoring what the last run used",
    done: counters.get("prefetch_bytes"),
    unit: "bytes",
  }));
  const { failure, ...found } = await job.read(remote.prefetchAll());
  if (found.missing > 0) job.sayWhyMissing(failure);
  job.countUpTo(NATIVE_COUNTERS.restored, found.entries - found.missing);
  counters.add(NATIVE_COUNTERS.missing, found.missing);
  return { path, ...found, fetchedBytes: counters.get("prefetch_bytes") };
}

/**
 * Does what has to be done before go starts, and leaves the rest to `command`, a process that outlives this one. Returns
 * the path of its log. Rejects when go has no cache directory, or it can't be written.
 */
export async function restoreInBackground(
  config: NativeConfig,
  context: RunContext,
  { setsMtimes, command }: { setsMtimes: boolean; command: readonly string[] },
): Promise<string> {
  const { logPath } = (await begin(config, context, setsMtimes)).note;
  startInBackground(command, context.env, logPath);
  return logPath;
}

/** Sets the file times, and notes that the run uses go's cache directory from now on. */
async function begin(config: NativeConfig, context: RunContext, setsMtimes: boolean): Promise<NativeJob> {
  if (setsMtimes) await settleMtimes(context.env, context.log);
  const job = new NativeJob(config, context);
  mkdirSync(job.path, { recursive: true });
  accessSync(job.path, constants.W_OK);
  if (config.remote.trust !== undefined && !job.note.hasBegun) await noteBefore(job);
  job.note.begin(Date.now());
  return job;
}

/** Of what lies there already nobody knows who made it, so `save` must not sign it. */
async function noteBefore({ path, note }: NativeJob): Promise<void> {
  const before = new IdList();
  for await (const actionIds of usedActions(path, 0)) for (const actionId of actionIds) before.push(actionId);
  note.noteBefore(before);
}
