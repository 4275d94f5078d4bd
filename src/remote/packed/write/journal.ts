/**
 * The journal of entries that were put but are not in the bucket yet, so that a helper that dies loses nothing. Its
 * head contains the scope, and each entry is a line
 *
 *     <action> <output> <size in bytes> <put at, ms>[ used]
 *
 * `used` marks an entry that was only used, not put; a helper that hands its journal over adds those for the run record.
 * The outputs themselves are in the local cache.
 */
import type { CacheEntry } from "../../../buildcache/entry.ts";
import { Journal, type JournalFormat, readJournal } from "../../../store/upload/journal.ts";
import { isOrphaned, listJournals } from "../../../store/upload/journal-files.ts";
import type { Scope } from "../../scope/scope.ts";
import { projectHash } from "../format/keys.ts";

/** An entry to upload. */
export interface JournalEntry extends CacheEntry {
  /** The entry was not put, so the bucket most likely has it. */
  isOnlyUsed?: true;
}

export type EntryJournal = Journal<Scope, JournalEntry>;

/** Adopts only journals of the same project and platform. */
export function openJournal(dir: string, scope: Scope): EntryJournal {
  const ours = projectHash(scope);
  return new Journal({ dir, head: scope, format: ENTRIES, isOurs: (head) => projectHash(head) === ours });
}

/** The distinct scopes of all journals that are orphaned or handed over. */
export function leftScopes(dir: string): Scope[] {
  const scopes = listJournals(dir).flatMap((file) => {
    const journal = readJournal(file.path, ENTRIES);
    return journal !== undefined && isOrphaned(file, journal) ? [journal.head] : [];
  });
  return [...new Map(scopes.map((scope) => [JSON.stringify(scope), scope])).values()];
}

const LINE = /^([0-9a-f]{64}) ([0-9a-f]{64}) (\d{1,15}) (\d{1,15})( used)?$/;

export const ENTRIES: JournalFormat<Scope, JournalEntry> = {
  /** Journals of earlier versions contain only platform and project. */
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
