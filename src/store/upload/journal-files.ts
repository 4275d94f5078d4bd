/**
 * Files of journals of any kind: `<pid>-<begun>-<random>`, or `left-<pid>-<begun>-<random>` after a handover. `begun`
 * is a time in ms, base 36; it stays the same when another process adopts the journal. Earlier versions omitted it.
 */
import { basename, join } from "node:path";
import { listFiles } from "../../lib/files/list-files.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import { isProcessAlive, pidSpace } from "../../lib/process/process-life.ts";

/** Maximum size of a file: 27,000 entries of a build. A writer with more begins another one. */
export const MAX_JOURNAL_BYTES = 4 << 20;
/** Of all files that a process adopts at once: their entries become objects in memory. */
const MAX_ADOPTED_BYTES = 16 << 20;

/** A live writer touches its journal more often. */
const IDLE_MS = 60_000;
const FORGOTTEN_MS = 7 * 24 * 3_600_000;
const NAME = /^(left-)?(\d+)-(?:([0-9a-z]+)-)?[0-9a-z]+$/;

export interface JournalFile {
  path: string;
  sizeBytes: number;
  /** Time since the last touch. */
  idleMs: number;
}

/** The content of a journal. */
export interface JournalContent<H, T> {
  /** The other fields of the first line. */
  head: H;
  /** The PID namespace of the pid in its name. */
  pidSpace: unknown;
  entries: T[];
}

export function newJournalName(begunMs: number = Date.now()): string {
  const random = crypto.randomUUID().replaceAll("-", "");
  return `${process.pid}-${begunMs.toString(36)}-${random}`;
}

/**
 * Lists the journals in a directory; ignores links and other files. Removes journals that were not touched for a week.
 */
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

/** Whether the writer has exited, has handed the journal over, or was suspended so long that it counts as dead. */
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

/** Whether its entries could not be uploaded for a week, by any process. */
export function isExpired(file: JournalFile): boolean {
  return Date.now() - (begunMsOf(file) ?? Date.now()) > FORGOTTEN_MS;
}

/** Adopts journals up to the size limit and returns their entries. The rest is for the next process. */
export function adoptSome<T>(files: readonly JournalFile[], adopt: (file: JournalFile) => T[]): T[] {
  const adopted: T[] = [];
  let leftBytes = MAX_ADOPTED_BYTES;
  for (const file of files) {
    if (file.sizeBytes > leftBytes) continue;
    const found = adopt(file);
    for (const each of found) adopted.push(each);
    if (found.length > 0) leftBytes -= file.sizeBytes;
  }
  return adopted;
}
