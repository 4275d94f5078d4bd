/** `restore`: fills go's own directories, and the caches of linters, with what this job's last run used. */
import { usedActions } from "../../gocache/scan.ts";
import { IdList } from "../../lib/id-list.ts";
import { startInBackground } from "../../lib/process/background.ts";
import type { PackedRemote } from "../../remote/packed/packed-remote.ts";
import type { RunContext } from "../direct.ts";
import { NATIVE_COUNTERS } from "../summary/native-figures.ts";
import type { CacheChoice } from "./native-caches.ts";
import { type NativeConfig, NativeJob } from "./native-job.ts";
import type { NativePart } from "./native-part.ts";
import { orSay } from "./or-say.ts";
import type { RestoreReport } from "./reports.ts";
import { settleMtimes } from "./settle-mtimes.ts";

const NOTHING = "nothing was restored";

export interface RestoreOptions extends CacheChoice {
  /** See `settleMtimes`. */
  setsMtimes: boolean;
}

/** Reports go's own cache, and others of which a run is known. Never rejects: a failure is one line. */
export async function restore(
  config: NativeConfig,
  context: RunContext,
  options: RestoreOptions & { onRestored: (report: RestoreReport) => void },
): Promise<void> {
  await orSay(context, NOTHING, async () => {
    using job = await open(config, context, options);
    const { counters } = job;
    counters.add(NATIVE_COUNTERS.restores);
    using _line = context.watchProgress(() => ({
      stage: "restoring what the last run used",
      done: counters.get("prefetch_bytes"),
      unit: "bytes",
    }));
    await begin(job, config, context);
    const { parts } = job;
    const remotes = openRemotes(parts);
    // Go needs them first. A bucket that does not answer is asked no more.
    await orSay(context, NOTHING, async () => {
      await remotes[0];
      const report = await job.modules?.restore();
      if (report !== undefined && report.records > 0) options.onRestored(report);
    });
    // One at a time, since each may take as much memory as this command may have.
    for (const [at, part] of parts.entries())
      await orSay(context, NOTHING, async () => {
        const remote = await remotes[at];
        const report = remote && (await restorePart(part, remote));
        // Records that no trusted key has signed are none.
        if (report !== undefined && (report.records > 0 || !part.isOptional)) options.onRestored(report);
      });
  });
}

/**
 * Does what has to be done before go starts, and leaves the rest to `command`, a process that outlives this one. Returns
 * the path of its log; `undefined`: there is nothing to restore to. Rejects when go has no cache directory, or it can't be
 * written.
 */
export async function restoreInBackground(
  config: NativeConfig,
  context: RunContext,
  { command, ...options }: RestoreOptions & { command: readonly string[] },
): Promise<string | undefined> {
  const job = await open(config, context, options);
  await begin(job, config, context);
  const { logPath } = job;
  if (logPath !== undefined) startInBackground(command, context.env, logPath);
  return logPath;
}

/** Sets the file times. */
async function open(
  config: NativeConfig,
  context: RunContext,
  { setsMtimes, ...choice }: RestoreOptions,
): Promise<NativeJob> {
  if (setsMtimes) await settleMtimes(context.env, context.log);
  return new NativeJob(config, context, choice);
}

/** Restores the release of go, which go would fetch when it is asked, and notes that the run uses the caches from now on. */
async function begin(job: NativeJob, { remote }: NativeConfig, context: RunContext): Promise<void> {
  await orSay(context, NOTHING, async () => await job.modules?.restoreRelease());
  job.openParts();
  for (const part of job.parts) {
    if (!part.isOptional) part.checkWritable();
    if (remote.trust !== undefined && !part.note.hasBegun) await noteBefore(part);
    part.note.begin(Date.now());
  }
  job.modules?.note.begin(Date.now());
}

/** Of what lies there already nobody knows who made it, so `save` must not sign it. */
async function noteBefore({ cache, note }: NativePart): Promise<void> {
  const before = new IdList();
  for await (const actionIds of usedActions(cache.path, 0))
    for (const actionId of actionIds) before.push(actionId);
  note.noteBefore(before);
}

/**
 * Reads the records of each part, those of the first before the others: a bucket that does not answer is asked no more, and
 * no time is lost while the first is transferred. `undefined`: an optional part has no runs.
 */
function openRemotes([first, ...others]: readonly NativePart[]): Promise<PackedRemote | undefined>[] {
  if (first === undefined) return [];
  const opened = openRemote(first);
  const all = [opened, ...others.map(async (part) => await opened.then(() => openRemote(part)))];
  // Each failure is said in its turn.
  for (const each of all) each.catch(() => undefined);
  return all;
}

async function openRemote({ bucket, isOptional, local }: NativePart): Promise<PackedRemote | undefined> {
  if (isOptional && !(await bucket.hasRuns())) return undefined;
  const remote = bucket.open(local, { readOnly: true });
  await bucket.read(remote.refresh());
  return remote;
}

async function restorePart(part: NativePart, remote: PackedRemote): Promise<RestoreReport> {
  const { bucket, local } = part;
  if (part.isOptional) part.checkWritable();
  const found = await bucket.read(remote.prefetchAll());
  return bucket.restored(found, local.firstProblem);
}
