/**
 * What go commands missed, for `explain`: `state/missed.jsonl`, a line for each command that missed anything, in the
 * order in which they ended. Any number of processes append at once.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Miss } from "../../buildcache/lookup-log.ts";
import { isMissReason } from "../../buildcache/miss-reason.ts";
import { appendPrivately } from "../../lib/files/private-dir.ts";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { statFile } from "../../lib/files/stat-file.ts";
import type { JobRun } from "../../remote/scope/job-run.ts";
import type { Scope } from "../../remote/scope/scope.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** Further misses of a command are only counted. */
const MAX_MISSES = 5_000;
/** A larger file loses the older half of its lines. */
const FULL_BYTES = 8 << 20;

type WhoseMisses = Pick<Scope, "platform" | "project" | "branch" | "job">;

export interface MissedSession {
  /** The CI's job, or the day. */
  of: JobRun;
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
export function appendMissed(root: string, session: MissedSession): void {
  const { platform, project, branch, job } = session.scope;
  const misses = session.misses
    .slice(0, MAX_MISSES)
    .map(({ actionId, reason, missedAtMs, madeMs }) => [actionId, reason, missedAtMs, madeMs ?? null]);
  const json = { ...session, scope: { platform, project, branch, job }, misses };
  const path = missedPath(root);
  // A line that a full disk has cut off must not spoil the next.
  appendPrivately(path, `\n${JSON.stringify(json)}`);
  if ((statFile(path)?.size ?? 0) > FULL_BYTES) shorten(path);
}

/** Those that are known, the oldest first. */
export function readMissed(root: string): MissedSession[] {
  try {
    return readFileSync(missedPath(root), "utf8")
      .split("\n")
      .flatMap((line) => parseSession(line) ?? []);
  } catch {
    return [];
  }
}

function shorten(path: string): void {
  const lines = readFileSync(path, "utf8").split("\n");
  replaceFile(path, lines.slice(Math.ceil(lines.length / 2)).join("\n"));
}

function parseSession(line: string): MissedSession | undefined {
  try {
    const session = JSON.parse(line);
    const { of, endedAtMs, lookUps, missed, scope, hasRemote, misses } = session;
    const areNumbers = [endedAtMs, lookUps, missed].every(Number.isFinite);
    const names = [scope.platform, scope.project, scope.branch, scope.job, of.job, of.run];
    if (!areNumbers || !names.every((name) => typeof name === "string")) return undefined;
    return {
      of,
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
  return join(root, STATE_DIR, "missed.jsonl");
}
