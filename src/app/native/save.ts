/** `save`: uploads what is new in go's own cache directory, and records what this run used. */
import { usedActions } from "../../gocache/scan.ts";
import type { RunContext } from "../direct.ts";
import { type NativeConfig, NativeJob } from "./native-job.ts";

export interface SaveReport {
  /** Entries that the run used, with the new ones. */
  used: number;
  /** Entries that the bucket lacked. */
  added: number;
  uploadedBytes: number;
  /** Whether all of it is in the bucket. */
  isComplete: boolean;
}

/**
 * `hasEnded`: this machine adds nothing more to the run. Resolves within the drain's limit after the last upload has
 * begun. Rejects when go has no cache directory, or the bucket can't be read.
 */
export async function save(
  config: NativeConfig,
  context: RunContext,
  hasEnded: boolean,
): Promise<SaveReport> {
  const job = new NativeJob(config, context);
  const { local, counters } = job;
  const remote = job.open(false);
  using _line = context.watchProgress(() => ({
    stage: "saving what is new",
    done: counters.get("put_remote_bytes"),
    unit: "bytes",
  }));
  // Otherwise everything would count as new.
  if (!(await remote.readRecords())) throw new Error("the bucket can't be read");
  let [used, added] = [0, 0];
  for await (const actions of usedActions(job.path, job.note.usedSinceMs(Date.now()))) {
    for (const actionId of actions) {
      const isKnown = remote.knows(actionId);
      const entry = isKnown ? undefined : local.get(actionId);
      if (isKnown) remote.used(actionId);
      else if (entry !== undefined) remote.put(entry);
      used += Number(isKnown || entry !== undefined);
      added += Number(entry !== undefined);
    }
  }
  const isComplete = await remote.finish(hasEnded);
  job.noteCounts();
  return { used, added, uploadedBytes: counters.get("put_remote_bytes"), isComplete };
}
