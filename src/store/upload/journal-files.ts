/**
 * The files of journals, of whatever kind: `<pid>-<begun>-<random>`, or `left-<pid>-<begun>-<random>` when it was handed
 * over. `begun` is a time in ms, base 36, that stays with the lines when another process adopts them; earlier versions
 * left it out.
 */
import { basename, join } from "node:path";
import { listFiles } from "../../lib/files/list-files.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import { isProcessAlive, pidSpace } from "../../lib/process/process-life.ts";

/** What a journal takes at most, and all that a process adopts at once: it holds names, so that is a build of any size. */
export const MAX_JOURNAL_BYTES = 64 << 20;

/** A writer that lives touches its journal more often. */
const IDLE_MS = 60_000;
const FORGOTTEN_MS = 7 * 24 * 3_600_000;
const NAME = /^(left-)?(\d+)-(?:([0-9a-z]+)-)?[0-9a-z]+$/;

export interface JournalFile {
  path: string;
  sizeBytes: number;
  /** Since it was touched last. */
  idleMs: number;
}

/** What a journal holds. */
export interface JournalContent<H, T> {
  /** What its first line says beside this. */
  head: H;
  /** Where the process number in its name means something. */
  pidSpace: unknown;
  entries: T[];
}

export function newJournalName(begunMs: number = Date.now()): string {
  const random = crypto.randomUUID().replaceAll("-", "");
  return `${process.pid}-${begunMs.toString(36)}-${random}`;
}

/** Those in a directory, but for links and what is no journal. One that nobody wanted for a week is removed. */
export function listJournals(dir: string): JournalFile[] {
  return listFiles(dir).flatMap((name) => {
    const path = join(dir, name);
    const stat = NAME.test(name) ? statPlainFile(path) : undefined;
    if (stat === undefined) return [];
    const idleMs = Date.now() - stat.mtimeMs;
    if (idleMs <= FORGOTTEN_MS) return [{ path, sizeBytes: stat.size, idleMs }];
    removeFile(path);
    return [];
  });
}

/** Whether its writer has ended, or handed it over, or was suspended for so long that it counts as gone. */
export function isOrphaned(
  { path, idleMs }: JournalFile,
  { pidSpace: space }: Pick<JournalContent<unknown, unknown>, "pidSpace">,
): boolean {
  const [, left, pid] = NAME.exec(basename(path)) ?? [];
  if (left !== undefined || idleMs > IDLE_MS) return true;
  return space === pidSpace() && !isProcessAlive(Number(pid));
}

export function begunMsOf({ path }: Pick<JournalFile, "path">): number | undefined {
  const begun = NAME.exec(basename(path))?.[3];
  return begun === undefined ? undefined : Number.parseInt(begun, 36);
}

/** Whether its lines could not be stored for a week, by however many processes. */
export function isExpired(file: JournalFile): boolean {
  return Date.now() - (begunMsOf(file) ?? Date.now()) > FORGOTTEN_MS;
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
