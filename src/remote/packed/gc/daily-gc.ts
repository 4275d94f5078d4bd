import { join } from "node:path";
import { Deadline } from "../../../lib/async/deadline.ts";
import { LINE, StateFile } from "../../../lib/files/state-file.ts";
import type { Logger } from "../../../lib/logger.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import { isHopeless } from "../../../store/store-failure.ts";
import type { Scope } from "../../scope/scope.ts";
import type { RecordTrust } from "../format/record-trust.ts";
import { collectGarbage } from "./collect.ts";
import { takeLease } from "./lease.ts";

const DAY_MS = 24 * 3_600_000;
const OLDER_THAN_MS = 14 * DAY_MS;
/** A stretch stops by itself after this long. */
const LIMIT_MS = 60_000;
/** A request that hangs ends it later. */
const PATIENCE_MS = 120_000;
/** When to ask the bucket again: after a round, and in the middle of one. */
const WAIT_MS = { done: DAY_MS, unfinished: 5 * 60_000 };

export interface DailyGcOptions {
  store: ObjectStore;
  prefix: string;
  scope: Scope;
  /** Its file `gc` says when this machine last asked, and whether the round was unfinished. */
  stateDir: string;
  log: Logger;
  trust?: RecordTrust | undefined;
}

/**
 * Collects garbage for a minute at most, if this is the default branch, and the last round is a day old, or unfinished
 * with nobody at it. Never rejects: without permission to delete, another machine has to collect.
 */
export async function collectDaily(options: DailyGcOptions): Promise<void> {
  const { store, prefix, scope, log } = options;
  const stamp = new StateFile(join(options.stateDir, "gc"), LINE);
  if (scope.branch !== scope.defaultBranch || !isDue(stamp)) return;
  using deadline = new Deadline(PATIENCE_MS);
  try {
    stamp.save("done");
    const { signal } = deadline;
    const { isTaken, status } = await takeLease({ store, prefix, signal });
    if (isTaken || status.isUnfinished) stamp.save("unfinished");
    if (!isTaken) return;
    const report = await collectGarbage({
      store,
      prefix,
      olderThanMs: OLDER_THAN_MS,
      dryRun: false,
      signal,
      trust: options.trust,
      hasLease: true,
      elapsedMs: () => performance.now(),
      limitMs: LIMIT_MS,
    });
    if (report.isFinished) stamp.save("done");
  } catch (error) {
    if (isHopeless(error)) stamp.save("done");
    log.info(() => `gc: ${describeError(error)}`);
  }
}

function isDue(stamp: StateFile<string>): boolean {
  const { ageMs } = stamp;
  const waitMs = stamp.load() === "unfinished" ? WAIT_MS.unfinished : WAIT_MS.done;
  return ageMs === undefined || Math.abs(ageMs) > waitMs;
}
