/** `explain`: why the last go command that missed anything did. */
import type { Miss } from "../../buildcache/lookup-log.ts";
import { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/describe-error.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { findSightings, type Sighting } from "../../remote/packed/sightings.ts";
import { locateCacheDir } from "../cache-dir.ts";
import type { Config } from "../config.ts";
import { withGoEnv } from "../go-env.ts";
import { openStore } from "../open-store.ts";
import { openTrust } from "../open-trust.ts";
import { prunedActions } from "../pruned-actions.ts";
import { groupMisses, type MissGroup } from "./group-misses.ts";
import { type MissedSession, readMissed } from "./missed-file.ts";

export interface Explanation {
  session: Omit<MissedSession, "misses">;
  groups: MissGroup[];
  /** Misses that are only counted, for there were too many. */
  unlisted: number;
  /** Why the bucket's records were not read; `undefined`: they were, or that session had none to read. */
  problem: string | undefined;
}

type Sightings = ReadonlyMap<string, Sighting[]>;

/** `undefined`: no session is known that missed anything. */
export async function explainMisses(
  config: Config,
  env: Record<string, string | undefined>,
  onProgress: OnProgress,
): Promise<Explanation | undefined> {
  const { root } = locateCacheDir(config.cacheDir, withGoEnv(env));
  const missed = readMissed(root);
  if (missed === undefined) return undefined;
  const { misses, ...session } = missed;
  const { sightings, problem } = await readSightings(config, { root, env, missed, onProgress });
  const groups = groupMisses(misses, {
    scope: session.scope,
    seenIn: (actionId) => sightings.get(actionId) ?? [],
    isPruned: prunedActions(root),
    areRecordsKnown: problem === undefined,
  });
  return { session, groups, unlisted: session.missed - misses.length, problem };
}

async function readSightings(
  { remote }: Config,
  options: {
    root: string;
    env: Record<string, string | undefined>;
    missed: MissedSession;
    onProgress: OnProgress;
  },
): Promise<{ sightings: Sightings; problem: string | undefined }> {
  const { root, env, missed, onProgress } = options;
  const sightings = new Map<string, Sighting[]>();
  if (!missed.hasRemote || remote?.layout === "split") return { sightings, problem: undefined };
  if (remote === undefined) return { sightings, problem: "set --bucket as for that go command" };
  const { platform } = missed.scope;
  const wanted = new Map(missed.misses.filter(isUnknown).map((miss) => [miss.actionId, miss.missedAtMs]));
  const check = openTrust(remote)?.check;
  try {
    await using store = openStore({ config: remote, root, env, counters: new Counters() });
    for (const prefix of [remote.prefix, ...remote.readPrefixes]) {
      const found = await findSightings({ store, prefix, platform, wanted, check, onProgress });
      for (const [actionId, seen] of found)
        sightings.set(actionId, [...(sightings.get(actionId) ?? []), ...seen]);
    }
    return { sightings, problem: undefined };
  } catch (error) {
    return { sightings, problem: describeError(error) };
  }
}

function isUnknown({ reason }: Miss): boolean {
  return reason === "unknown";
}
