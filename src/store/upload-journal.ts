/**
 * What is to be uploaded and is not yet, so that a process that dies loses nothing: `<dir>/<pid>-<random>`,
 *
 *     {"pidSpace":"…"}
 *     "<name>"
 *     …
 *
 * a name as JSON a line. The bytes are in the cache directory. A journal is adopted by renaming it, as soon as its
 * writer is no process of this machine any more, or has not touched it for a minute.
 */
import { appendFileSync, closeSync, constants, mkdirSync, openSync, renameSync, utimesSync } from "node:fs";
import { basename, join } from "node:path";
import { isErrno } from "../lib/errno.ts";
import { isProcessAlive, pidSpace } from "../lib/process-life.ts";
import { removeFile } from "../lib/remove-file.ts";
import { readSmallFile } from "../lib/small-file.ts";
import { adoptSome, type JournalFile, listJournals, MAX_JOURNAL_BYTES } from "./journal-files.ts";

const HEARTBEAT_MS = 20_000;
const SILENT_MS = 60_000;

export class UploadJournal {
  readonly #dir: string;
  readonly #path: string;
  readonly #adopted: string[] = [];
  #isBegun = false;
  #sizeBytes = 0;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(dir: string) {
    this.#dir = dir;
    this.#path = join(dir, newName());
  }

  /** Never throws: without a journal a name is uploaded all the same, if the process lives. */
  append(name: string): void {
    try {
      const line = `${JSON.stringify(name)}\n`;
      this.#sizeBytes += line.length;
      if (this.#sizeBytes > MAX_JOURNAL_BYTES) return;
      if (!this.#isBegun) this.#begin();
      if (appendIfExists(this.#path, line)) return;
      // Another process took it for left behind, after this one stood still for long.
      this.#begin();
      appendIfExists(this.#path, line);
    } catch {
      // A disk that is full takes no journal.
    }
  }

  /** The names that processes which have died left. They are this journal's from now on. */
  adopt(): string[] {
    const names = adoptSome(listJournals(this.#dir), (file) => this.#adoptOne(file));
    if (this.#adopted.length > 0) this.#beat();
    return names;
  }

  /** All of it is uploaded, or never can be. */
  discard(): void {
    this.leave();
    this.#isBegun = false;
    for (const path of [this.#path, ...this.#adopted.splice(0)]) removeFile(path);
  }

  /** Leaves it to the next process. */
  leave(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  #begin(): void {
    mkdirSync(this.#dir, { recursive: true });
    appendFileSync(this.#path, `${JSON.stringify({ pidSpace: pidSpace() })}\n`, { mode: 0o600 });
    this.#isBegun = true;
    this.#beat();
  }

  #beat(): void {
    this.#heartbeat ??= setInterval(() => {
      for (const path of [this.#path, ...this.#adopted]) touch(path);
    }, HEARTBEAT_MS).unref();
  }

  #adoptOne({ path, silentMs }: JournalFile): string[] {
    if (path === this.#path) return [];
    const journal = readJournal(path);
    if (silentMs <= SILENT_MS && !isWriterGone(path, journal.pidSpace)) return [];
    const adopted = join(this.#dir, newName());
    try {
      renameSync(path, adopted);
    } catch {
      // Somebody else was faster.
      return [];
    }
    touch(adopted);
    this.#adopted.push(adopted);
    return journal.names;
  }
}

/** Whether it could: a file that is gone is not made again, for it would have no head. */
function appendIfExists(path: string, line: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
  try {
    appendFileSync(fd, line);
  } finally {
    closeSync(fd);
  }
  return true;
}

function isWriterGone(path: string, space: unknown): boolean {
  return space === pidSpace() && !isProcessAlive(Number.parseInt(basename(path), 10));
}

function readJournal(path: string): { pidSpace: unknown; names: string[] } {
  try {
    // What comes behind the last line break was cut off.
    const [head = "", ...lines] = readSmallFile(path, MAX_JOURNAL_BYTES).toString().split("\n").slice(0, -1);
    return { pidSpace: JSON.parse(head)?.pidSpace, names: [...new Set(lines.flatMap(parseName))] };
  } catch {
    return { pidSpace: undefined, names: [] };
  }
}

function parseName(line: string): string[] {
  try {
    const name: unknown = JSON.parse(line);
    return typeof name === "string" ? [name] : [];
  } catch {
    return [];
  }
}

function newName(): string {
  return `${process.pid}-${Math.random().toString(36).slice(2)}`;
}

function touch(path: string): void {
  const now = Date.now() / 1000;
  try {
    utimesSync(path, now, now);
  } catch {
    // Adopted by somebody who thought us dead: both upload it then.
  }
}
