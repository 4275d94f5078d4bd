import type { Miss } from "../../buildcache/lookup-log.ts";
import type { MissReason } from "../../buildcache/miss-reason.ts";
import type { Sighting } from "../../remote/packed/bucket/sightings.ts";

/**
 * Why lookups missed:
 *
 *     new         no record names the action
 *     elsewhere   only records of other branches, jobs or projects name it
 *     evicted     it was there once: a record of this job names it, or it was on this disk
 *     remote      the bucket failed, refused, or was bypassed
 *     refused     only records that no trusted key has signed name it
 *     undecided   the bucket's records can't be read now
 */
const MISS_GROUPS = ["new", "elsewhere", "evicted", "remote", "refused", "undecided"] as const;

export interface MissGroup {
  why: (typeof MISS_GROUPS)[number];
  count: number;
  /** Those that go compiled and put afterwards, and the sum of their compile times. */
  compiled: number;
  compileMs: number;
  /** More exact reasons, with the number of misses of each. */
  details: { what: string; count: number }[];
  /** The first few actions. */
  actions: string[];
}

/** The present state of actions that missed earlier. */
export interface Hindsight {
  /** The records that named an action before it missed. */
  seenIn: (actionId: string) => readonly Sighting[];
  isPruned: (actionId: string) => boolean;
  /** Whether all records were read, or there are none to be read. */
  areRecordsKnown: boolean;
}

type MissScope = { project: string; branch: string; job: string };

interface Verdict {
  why: MissGroup["why"];
  what?: string;
}

const MAX_ACTIONS = 5;

const REMOTE_REASONS: Readonly<Record<Exclude<MissReason, "unknown" | "gone">, string>> = {
  fault: "the lookup failed or took too long",
  denied: "the bucket refused it (403)",
  unanswered: "the bucket was bypassed: it had failed or not answered",
  slow: "the bucket was bypassed: waiting had taken longer than it saved",
  failing: "the bucket was bypassed: lookups had taken too long to fail",
};

/** Those that have any misses, in the order of `MISS_GROUPS`. */
export function groupMisses(
  sessions: readonly { scope: MissScope; misses: readonly Miss[] }[],
  hindsight: Hindsight,
): MissGroup[] {
  const judged = sessions.flatMap(({ scope, misses }) =>
    misses.map((miss) => ({ miss, ...judge(miss, scope, hindsight) })),
  );
  return MISS_GROUPS.flatMap((why) => {
    const members = judged.filter((member) => member.why === why);
    if (members.length === 0) return [];
    const compileTimes = members.flatMap(({ miss }) =>
      miss.compileMs === undefined ? [] : [miss.compileMs],
    );
    const details = Map.groupBy(members, ({ what }) => what);
    return {
      why,
      count: members.length,
      compiled: compileTimes.length,
      compileMs: Math.round(compileTimes.reduce((sum, ms) => sum + ms, 0)),
      details: [...details].flatMap(([what, those]) =>
        what === undefined ? [] : { what, count: those.length },
      ),
      actions: members.slice(0, MAX_ACTIONS).map(({ miss }) => miss.actionId),
    };
  });
}

function judge({ actionId, reason }: Miss, scope: MissScope, hindsight: Hindsight): Verdict {
  if (reason === "gone")
    return { why: "evicted", what: "a record names it, its pack is gone or has other bytes" };
  if (reason !== "unknown") return { why: "remote", what: REMOTE_REASONS[reason] };
  const seen = hindsight.seenIn(actionId);
  const counting = seen.filter(({ isTrusted }) => isTrusted);
  const verdict = judgeSeen(counting, scope);
  if (verdict !== undefined) return verdict;
  if (hindsight.isPruned(actionId)) {
    return { why: "evicted", what: "it was removed from this disk to keep --max-size or --expiry" };
  }
  if (seen.length > 0) return { why: "refused", what: placesOf(seen, scope) };
  return { why: hindsight.areRecordsKnown ? "new" : "undecided" };
}

function judgeSeen(seen: readonly Sighting[], scope: MissScope): Verdict | undefined {
  if (seen.length === 0) return undefined;
  const isOwn = seen.some(
    ({ project, branch, job }) => project === scope.project && branch === scope.branch && job === scope.job,
  );
  return isOwn
    ? {
        why: "evicted",
        what: "a record of this job names it, which is not among the newest or came too late",
      }
    : { why: "elsewhere", what: placesOf(seen, scope) };
}

/** The nearest one, by what is different. */
function placesOf(seen: readonly Sighting[], scope: MissScope): string {
  const near = seen.toSorted((a, b) => distance(a, scope) - distance(b, scope))[0];
  if (near === undefined) return "";
  const { project, branch, job } = near;
  if (project === "") return "what several projects share";
  const where = `branch ${branch}, job ${job}`;
  return project === scope.project ? where : `project ${project}, ${where}`;
}

function distance({ project, branch, job }: Sighting, scope: MissScope): number {
  return (
    Number(project !== scope.project) * 4 + Number(branch !== scope.branch) * 2 + Number(job !== scope.job)
  );
}
