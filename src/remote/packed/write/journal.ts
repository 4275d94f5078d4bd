/**
 * What was put and is not in the bucket yet, so that a helper that dies loses nothing. The journal's head names the
 * scope, and an entry is a line like
 *
 *     <action> <output> <size in bytes> <put at, ms>[ used]
 *
 * A line that ends with `used` is of an entry that was not put, only used: a helper notes those that leaves its whole
 * bookkeeping to another one. The outputs themselves are in the local cache.
 */
import type { CacheEntry } from "../../../buildcache/entry.ts";
import { Journal, type JournalFormat, readJournal } from "../../../store/upload/journal.ts";
import { isLeft, listJournals } from "../../../store/upload/journal-files.ts";
import type { Scope } from "../../scope/scope.ts";
import { projectHash } from "../format/keys.ts";

/** An entry that is to be uploaded. */
export interface JournalEntry extends CacheEntry {
  /** It was not put, and the bucket may well have it. */
  isOnlyUsed?: true;
}

export type EntryJournal = Journal<Scope, JournalEntry>;

/** Adopts only journals of the same project and platform. */
export function openJournal(dir: string, scope: Scope): EntryJournal {
  const ours = projectHash(scope);
  return new Journal({ dir, head: scope, format: ENTRIES, isOurs: (head) => projectHash(head) === ours });
}

/** The scopes of what helpers left that are gone, or handed it over: each once. */
export function leftScopes(dir: string): Scope[] {
  const scopes = listJournals(dir).flatMap((file) => {
    const journal = readJournal(file.path, ENTRIES);
    return journal !== undefined && isLeft(file, journal) ? [journal.head] : [];
  });
  return [...new Map(scopes.map((scope) => [JSON.stringify(scope), scope])).values()];
}

const LINE = /^([0-9a-f]{64}) ([0-9a-f]{64}) (\d{1,15}) (\d{1,15})( used)?$/;

export const ENTRIES: JournalFormat<Scope, JournalEntry> = {
  /** Journals of earlier versions name no more than platform and project. */
  parseHead({ platform, project, branch = "none", job = "local", run = "", defaultBranch }) {
    if (typeof platform !== "string" || typeof project !== "string") return undefined;
    return {
      platform,
      project,
      branch: String(branch),
      job: String(job),
      run: String(run),
      fallbackBranches: [],
      defaultBranch: typeof defaultBranch === "string" ? defaultBranch : undefined,
    };
  },

  parse(line) {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const [, actionId = "", outputId = "", size, putTime, used] = match;
    const entry = { actionId, outputId, sizeBytes: Number(size), putTimeMs: Number(putTime) };
    return used === undefined ? entry : { ...entry, isOnlyUsed: true };
  },

  format({ actionId, outputId, sizeBytes, putTimeMs, isOnlyUsed }) {
    const used = isOnlyUsed === true ? " used" : "";
    return `${actionId} ${outputId} ${sizeBytes} ${Math.max(0, Math.floor(putTimeMs))}${used}`;
  },
};
