/**
 * What the last go command missed that missed anything: `state/missed.json`, for `explain`. Of several at once the last
 * one's stays.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Miss } from "../../buildcache/lookup-log.ts";
import { replaceFile } from "../../lib/replace-file.ts";
import { isMissReason } from "../../remote/miss-reason.ts";
import type { Scope } from "../../remote/scope/scope.ts";
import { STATE_DIR } from "../../store/local-dir.ts";

/** What is beyond these is only counted. */
const MAX_MISSES = 5_000;

type WhoseMisses = Pick<Scope, "platform" | "project" | "branch" | "job">;

export interface MissedSession {
  endedAtMs: number;
  /** All look-ups, and those that missed. */
  lookUps: number;
  missed: number;
  scope: WhoseMisses;
  /** Whether there was a bucket, or a server, to be asked. */
  hasRemote: boolean;
  /** The first of those that missed. */
  misses: Miss[];
}

/** `root`: the cache directory. Throws when the disk takes nothing. */
export function writeMissed(root: string, session: MissedSession): void {
  const { platform, project, branch, job } = session.scope;
  const misses = session.misses
    .slice(0, MAX_MISSES)
    .map(({ actionId, reason, missedAtMs, madeMs }) => [actionId, reason, missedAtMs, madeMs ?? null]);
  const json = { ...session, scope: { platform, project, branch, job }, misses };
  replaceFile(missedPath(root), JSON.stringify(json));
}

/** `undefined`: none is known. */
export function readMissed(root: string): MissedSession | undefined {
  try {
    const session = JSON.parse(readFileSync(missedPath(root), "utf8"));
    const { endedAtMs, lookUps, missed, scope, hasRemote, misses } = session;
    const areNumbers = [endedAtMs, lookUps, missed].every(Number.isFinite);
    const names = [scope.platform, scope.project, scope.branch, scope.job];
    if (!areNumbers || !names.every((name) => typeof name === "string")) return undefined;
    return {
      endedAtMs,
      lookUps,
      missed,
      scope,
      hasRemote: hasRemote === true,
      misses: misses.map(parseMiss),
    };
  } catch {
    return undefined;
  }
}

function parseMiss([actionId, reason, missedAtMs, madeMs]: unknown[]): Miss {
  if (typeof actionId !== "string" || !isMissReason(reason)) throw new Error("no miss");
  return {
    actionId,
    reason,
    missedAtMs: Number(missedAtMs),
    madeMs: typeof madeMs === "number" ? madeMs : undefined,
  };
}

function missedPath(root: string): string {
  return join(root, STATE_DIR, "missed.json");
}
