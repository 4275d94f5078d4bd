/** `explain`: why the go commands of this job missed; outside CI, why the last one did that missed anything. */
import type { Miss } from "../../buildcache/lookup-log.ts";
import { Counters } from "../../lib/counters.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { findSightings, type Sighting } from "../../remote/packed/bucket/sightings.ts";
import { detectCi } from "../../remote/scope/detect-ci.ts";
import { type JobRun, jobRun } from "../../remote/scope/job-run.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { prunedActions } from "../cache-dir/pruned-actions.ts";
import type { Config } from "../config.ts";
import { withGoCache } from "../go-env.ts";
import { openStore } from "../remote/open-store.ts";
import { openTrust } from "../remote/open-trust.ts";
import { JobFile } from "../summary/job-file.ts";
import { type NativeFigures, nativeFiguresOf } from "../summary/native-figures.ts";
import { groupMisses, type MissGroup } from "./group-misses.ts";
import { type MissedSession, readMissed } from "./missed-file.ts";

export interface Explanation {
  /** The commands together; the newest one's scope. */
  session: Omit<MissedSession, "misses" | "of">;
  /** How many go commands these are that missed anything; `undefined`: only the last one of them is explained. */
  goCommands: number | undefined;
  groups: MissGroup[];
  /** Misses that are only counted, for there were too many. */
  unlisted: number;
  /** Why the bucket's records were not read; `undefined`: they were, or that session had none to read. */
  problem: string | undefined;
}

/** Go's own cache directory was used, and go says to nobody what it looks up there. */
export interface NativeExplanation {
  native: NativeFigures;
}

type Sightings = ReadonlyMap<string, Sighting[]>;

/** `undefined`: no go command is known that missed anything. */
export async function explainMisses(
  config: Config,
  env: Record<string, string | undefined>,
  onProgress: OnProgress,
): Promise<Explanation | NativeExplanation | undefined> {
  const { root } = locateCacheDir(config.cacheDir, withGoCache(env));
  const ci = detectCi(env);
  const run = jobRun(ci, config.job, Date.now());
  const { sessions, isJob } = chooseSessions(readMissed(root), run, ci !== undefined);
  const last = sessions.at(-1);
  const native = nativeFiguresOf(new JobFile(root, run).read()?.counts ?? {});
  if (native !== undefined && !(last && isOf(run, last))) return { native };
  if (last === undefined) return undefined;
  const { sightings, problem } = await readSightings(config, { root, env, sessions, onProgress });
  const groups = groupMisses(sessions, {
    seenIn: (actionId) => sightings.get(actionId) ?? [],
    isPruned: prunedActions(root),
    areRecordsKnown: problem === undefined,
  });
  const sum = (of: (session: MissedSession) => number) =>
    sessions.reduce((total, each) => total + of(each), 0);
  const missed = sum((session) => session.missed);
  return {
    session: {
      endedAtMs: last.endedAtMs,
      lookUps: sum(({ lookUps }) => lookUps),
      missed,
      scope: last.scope,
      hasRemote: sessions.some(({ hasRemote }) => hasRemote),
    },
    goCommands: isJob ? sessions.length : undefined,
    groups,
    unlisted: missed - sum(({ misses }) => misses.length),
    problem,
  };
}

/** Those of this run of CI's job; outside CI, or where a job has none, the last one. */
function chooseSessions(
  sessions: MissedSession[],
  run: JobRun,
  isCi: boolean,
): { sessions: MissedSession[]; isJob: boolean } {
  const own = sessions.filter((session) => isCi && isOf(run, session));
  return own.length > 0 ? { sessions: own, isJob: true } : { sessions: sessions.slice(-1), isJob: false };
}

function isOf({ job, run }: JobRun, { of }: MissedSession): boolean {
  return of.job === job && of.run === run;
}

async function readSightings(
  { remote }: Config,
  options: {
    root: string;
    env: Record<string, string | undefined>;
    sessions: MissedSession[];
    onProgress: OnProgress;
  },
): Promise<{ sightings: Sightings; problem: string | undefined }> {
  const { root, env, onProgress } = options;
  const sessions = options.sessions.filter(({ hasRemote }) => hasRemote);
  const sightings = new Map<string, Sighting[]>();
  if (sessions.length === 0 || remote?.layout === "split") return { sightings, problem: undefined };
  if (remote === undefined) return { sightings, problem: "set --bucket as for go" };
  const check = openTrust(remote)?.check;
  try {
    await using store = openStore({ config: remote, root, env, counters: new Counters() });
    for (const [platform, group] of Map.groupBy(sessions, ({ scope }) => scope.platform)) {
      const misses = group.flatMap((session) => session.misses).filter(isUnknown);
      const wanted = new Map(misses.map((miss) => [miss.actionId, miss.missedAtMs]));
      for (const prefix of [remote.prefix, ...remote.readPrefixes]) {
        const found = await findSightings({ store, prefix, platform, wanted, check, onProgress });
        for (const [actionId, seen] of found)
          sightings.set(actionId, [...(sightings.get(actionId) ?? []), ...seen]);
      }
    }
    return { sightings, problem: undefined };
  } catch (error) {
    return { sightings, problem: describeError(error) };
  }
}

function isUnknown({ reason }: Miss): boolean {
  return reason === "unknown";
}
