/**
 * The misses of go commands, for `explain`: `state/missed.jsonl`, a line for each command that missed anything, in the
 * order in which they ended. Any number of processes append at once.
 */
import { join } from "node:path";
import type { Miss } from "../../buildcache/lookup-log.ts";
import { isMissReason, type MissReason } from "../../buildcache/miss-reason.ts";
import { appendLines, readJsonLines } from "../../lib/files/line-file.ts";
import { isBoolean, isNumber, isText, listOf, shape } from "../../lib/shape.ts";
import type { JobRun } from "../../remote/scope/job-run.ts";
import type { Scope } from "../../remote/scope/scope.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** Further misses of a command are only counted. */
const MAX_MISSES = 5_000;
/** A larger file loses the older half of its lines. */
const FULL_BYTES = 8 << 20;

type MissScope = Pick<Scope, "platform" | "project" | "branch" | "job">;

export interface MissedSession {
  /** The CI's job, or the day. */
  of: JobRun;
  endedAtMs: number;
  /** All look-ups, and those that missed. */
  lookUps: number;
  missed: number;
  scope: MissScope;
  /** Whether a bucket or a server was configured. */
  hasRemote: boolean;
  /** The first of those that missed. */
  misses: Miss[];
}

/** `root`: the cache directory. Throws when the disk fails. */
export function appendMissed(root: string, session: MissedSession): void {
  const { platform, project, branch, job } = session.scope;
  const misses = session.misses
    .slice(0, MAX_MISSES)
    .map(({ actionId, reason, missedAtMs, compileMs }) => [actionId, reason, missedAtMs, compileMs ?? null]);
  const json = { ...session, scope: { platform, project, branch, job }, misses };
  appendLines(missedPath(root), [JSON.stringify(json)], FULL_BYTES);
}

/** Those that are known, the oldest first. */
export function readMissed(root: string): MissedSession[] {
  return readJsonLines(missedPath(root), isStoredSession).map((session) => ({
    ...session,
    misses: session.misses.map(([actionId, reason, missedAtMs, compileMs]) => {
      return { actionId, reason, missedAtMs, compileMs: compileMs ?? undefined };
    }),
  }));
}

/** A miss in the file. */
type MissRow = [actionId: string, reason: MissReason, missedAtMs: number, compileMs: number | null];

const isStoredSession = shape<Omit<MissedSession, "misses"> & { misses: MissRow[] }>({
  of: shape<JobRun>({ job: isText, run: isText }),
  endedAtMs: isNumber,
  lookUps: isNumber,
  missed: isNumber,
  scope: shape<MissScope>({ platform: isText, project: isText, branch: isText, job: isText }),
  hasRemote: isBoolean,
  misses: listOf(isMissRow),
});

function isMissRow(value: unknown): value is MissRow {
  if (!Array.isArray(value)) return false;
  const [actionId, reason, missedAtMs, compileMs] = value;
  return (
    isText(actionId) &&
    isMissReason(reason) &&
    isNumber(missedAtMs) &&
    (compileMs === null || isNumber(compileMs))
  );
}

function missedPath(root: string): string {
  return join(root, STATE_DIR, "missed.jsonl");
}
