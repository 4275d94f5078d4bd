/**
 * The journal of entries that were put but are not in the bucket yet, so that a helper that dies loses nothing. Its
 * head contains the scope, and each entry is a line
 *
 *     <action> <output> <size in bytes> <put at, ms>
 *     <action> used
 *
 * `used` marks an action that was only used, not put; a helper that hands its journal over adds those for the run
 * record. The outputs themselves are in the local cache.
 */
import type { CacheEntry } from "../../../buildcache/entry.ts";
import { Journal, type JournalFormat, readJournal } from "../../../store/upload/journal.ts";
import { isOrphaned, listJournals } from "../../../store/upload/journal-files.ts";
import type { Scope } from "../../scope/scope.ts";
import { projectHash } from "../format/keys.ts";

/** An entry to upload, or an action that was only used: the bucket most likely has it. */
export type JournalEntry = CacheEntry | { actionId: string };

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

const LINE = /^([0-9a-f]{64}) (?:used|([0-9a-f]{64}) (\d{1,15}) (\d{1,15}))$/;

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
    const [, actionId = "", outputId, size, putTime] = match;
    if (outputId === undefined) return { actionId };
    return { actionId, outputId, sizeBytes: Number(size), putTimeMs: Number(putTime) };
  },

  format(entry) {
    if (!("outputId" in entry)) return `${entry.actionId} used`;
    const { actionId, outputId, sizeBytes, putTimeMs } = entry;
    return `${actionId} ${outputId} ${sizeBytes} ${Math.max(0, Math.floor(putTimeMs))}`;
  },
};
