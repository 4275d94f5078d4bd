/**
 * What was put and is not in the bucket yet, so that a helper that dies loses nothing: files (see
 * `store/upload/journal-files.ts`) like
 *
 *     {"platform":…,"project":…,"branch":…,…,"pidSpace":…}
 *     <action> <output> <size in bytes> <put at, ms>[ used]
 *     …
 *
 * A line that ends with `used` is of an entry that was not put, only used: what a helper notes that leaves its whole
 * bookkeeping to another one. The outputs themselves are in the local cache.
 */

import { removeLink } from "../../../lib/files/remove-link.ts";
import { pidSpace } from "../../../lib/process/process-life.ts";
import { isLeft, listJournals } from "../../../store/upload/journal-files.ts";
import { LineJournal } from "../../../store/upload/line-journal.ts";
import type { Scope } from "../../scope/scope.ts";
import { projectHash } from "../format/keys.ts";
import { formatLine, type JournalEntry, type JournalHead, readJournal } from "./journal-file.ts";

export class Journal {
  readonly #lines: LineJournal<JournalEntry>;

  constructor(dir: string, scope: Scope) {
    // It may lead out of the cache directory.
    removeLink(dir);
    const head: JournalHead = { ...scope, pidSpace: pidSpace() };
    const ours = projectHash(scope);
    this.#lines = new LineJournal({
      dir,
      head: JSON.stringify(head),
      read(path) {
        const journal = readJournal(path);
        return journal !== undefined && projectHash(journal.head) === ours ? journal : undefined;
      },
    });
  }

  append(...entries: JournalEntry[]): void {
    this.#lines.append(entries.map(formatLine));
  }

  /** The entries of helpers of the same project that are gone, or handed them over. */
  adopt(): JournalEntry[] {
    return this.#lines.adopt();
  }

  /** All of it is in the bucket, or never can be. */
  discard(): void {
    this.#lines.discard();
  }

  /** Leaves it to another helper, now: this one need not be gone for that. */
  handOver(): void {
    this.#lines.handOver();
  }

  /** Leaves it to the next helper. */
  leave(): void {
    this.#lines.leave();
  }
}

/** The scopes of what helpers have left that are gone, or handed it over: each once. */
export function leftScopes(dir: string): Scope[] {
  const scopes = listJournals(dir).flatMap((file) => {
    const journal = readJournal(file.path);
    if (journal === undefined || !isLeft(file, journal)) return [];
    const { pidSpace: _, ...scope } = journal.head;
    return [scope];
  });
  return [...new Map(scopes.map((scope) => [JSON.stringify(scope), scope])).values()];
}
