/** The files of journals, of whatever kind: `<pid>-<random>`, or `left-<pid>-<random>` when it was handed over. */
import { join } from "node:path";
import { listFiles } from "../lib/list-files.ts";
import { removeFile } from "../lib/remove-file.ts";
import { statPlainFile } from "../lib/stat-file.ts";

/** What a journal takes at most, and all that a process adopts at once: it holds names, so that is a build of any size. */
export const MAX_JOURNAL_BYTES = 64 << 20;

const FORGOTTEN_MS = 7 * 24 * 3_600_000;
const NAME = /^(left-)?\d+-[0-9a-z]+$/;

export interface JournalFile {
  path: string;
  sizeBytes: number;
  /** Since it was touched last. */
  silentMs: number;
}

/** Those in a directory, but for links and what is no journal. One that nobody wanted for a week is removed. */
export function listJournals(dir: string): JournalFile[] {
  return listFiles(dir).flatMap((name) => {
    const path = join(dir, name);
    const stat = NAME.test(name) ? statPlainFile(path) : undefined;
    if (stat === undefined) return [];
    const silentMs = Date.now() - stat.mtimeMs;
    if (silentMs <= FORGOTTEN_MS) return [{ path, sizeBytes: stat.size, silentMs }];
    removeFile(path);
    return [];
  });
}

/** What `adopt` finds in as many of them as may be adopted at once; the rest is for the next process. */
export function adoptSome<T>(files: readonly JournalFile[], adopt: (file: JournalFile) => T[]): T[] {
  const adopted: T[] = [];
  let leftBytes = MAX_JOURNAL_BYTES;
  for (const file of files) {
    if (file.sizeBytes > leftBytes) continue;
    const found = adopt(file);
    for (const each of found) adopted.push(each);
    if (found.length > 0) leftBytes -= file.sizeBytes;
  }
  return adopted;
}
