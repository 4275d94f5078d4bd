/**
 * What a process still has to do, so that nothing is lost when it dies: files (see `journal-files.ts`) like
 *
 *     {"pidSpace":"…", …}
 *     <entry>
 *     …
 *
 * Another process adopts a journal by renaming it. It may do so while the writer lives: one that was suspended for a
 * minute counts as dead. Lines never go into a file that is gone: the writer then begins another one with all of its
 * lines.
 */
import { appendFileSync, constants, existsSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivateDir } from "../../lib/files/private-dir.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { removeLink } from "../../lib/files/remove-link.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import { pidSpace } from "../../lib/process/process-life.ts";
import {
  adoptSome,
  begunMsOf,
  isExpired,
  isOrphaned,
  type JournalContent,
  type JournalFile,
  listJournals,
  MAX_JOURNAL_BYTES,
  newJournalName,
} from "./journal-files.ts";

const HEARTBEAT_MS = 20_000;
/** Not O_CREAT. */
const APPEND_FLAGS = constants.O_WRONLY | constants.O_APPEND;

/** How the entries of a kind of journal, and what its head says beside the pid space, are written. */
export interface JournalFormat<H extends object, T> {
  /** `undefined` or an error: it is no journal of this kind. */
  parseHead(head: Record<string, unknown>): H | undefined;
  /** Without line breaks. */
  format(entry: T): string;
  /** `undefined` or an error: it is no entry. */
  parse(line: string): T | undefined;
}

export class Journal<H extends object, T> {
  readonly #options: JournalOptions<H, T>;
  readonly #head: string;
  /** Further files whose lines are ours: adopted ones, and own ones that could not be continued. */
  readonly #others: string[] = [];
  #path: string | undefined;
  /** All since the journal was empty. */
  #lines: string[] = [];
  #sizeBytes: number;
  /** A disk that takes no journal is tried again when there are so many lines. */
  #retryAtLines = 0;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(options: JournalOptions<H, T>) {
    this.#options = options;
    // It may lead out of the cache directory.
    removeLink(options.dir);
    this.#head = JSON.stringify({ ...options.head, pidSpace: pidSpace() });
    this.#sizeBytes = sizeOf(this.#head);
  }

  /** Never throws: without a journal all is done as well, if the process lives. */
  append(entries: readonly T[]): void {
    const lines = entries.map((entry) => this.#options.format.format(entry));
    const fitting = lines.filter((line) => {
      this.#sizeBytes += sizeOf(line);
      return this.#sizeBytes <= MAX_JOURNAL_BYTES;
    });
    for (const line of fitting) this.#lines.push(line);
    if (fitting.length === 0) return;
    if (!this.#extend(fitting)) this.#begin();
    if (this.#path !== undefined) this.#beat();
  }

  /** The entries of processes that are gone. They are this journal's from now on. */
  adopt(): T[] {
    const entries = adoptSome(listJournals(this.#options.dir), (file) => this.#adoptOne(file));
    if (this.#others.length > 0) this.#beat();
    return entries;
  }

  /** All of it is done, or never can be. */
  discard(): void {
    for (const path of this.#end()) removeFile(path);
  }

  /** Leaves it to another process, now: this one need not be gone for that. */
  handOver(): void {
    for (const path of this.#end()) {
      try {
        renameSync(path, join(this.#options.dir, `left-${newJournalName(begunMsOf({ path }))}`));
      } catch {
        // Adopted already.
      }
    }
  }

  /** Leaves it to the next process, once this one is gone. */
  stopHeartbeat(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  /** Returns the files that there were. */
  #end(): string[] {
    this.stopHeartbeat();
    const paths = [...(this.#path === undefined ? [] : [this.#path]), ...this.#others.splice(0)];
    this.#path = undefined;
    this.#lines = [];
    this.#sizeBytes = sizeOf(this.#head);
    this.#retryAtLines = 0;
    return paths;
  }

  /** Whether the lines are in a file that is still ours. */
  #extend(lines: readonly string[]): boolean {
    const path = this.#path;
    if (path === undefined) return false;
    try {
      appendFileSync(path, formatLines(lines), { flag: APPEND_FLAGS as unknown as string });
      // Who renames it afterwards reads these lines, too.
      if (existsSync(path)) return true;
    } catch {
      // It is gone, or the disk is full and the last line is cut off.
    }
    this.#others.push(path);
    this.#path = undefined;
    return false;
  }

  #begin(): void {
    if (this.#lines.length < this.#retryAtLines) return;
    const { dir } = this.#options;
    const path = join(dir, newJournalName());
    try {
      makePrivateDir(dir);
      writeFileSync(path, formatLines([this.#head, ...this.#lines]), { flag: "wx", mode: 0o600 });
      this.#path = path;
    } catch {
      // A disk that is full. A part would be taken for all.
      removeFile(path);
      this.#retryAtLines = 2 * this.#lines.length;
    }
  }

  #beat(): void {
    this.#heartbeat ??= setInterval(() => {
      for (const path of [this.#path, ...this.#others]) if (path !== undefined) touch(path);
    }, HEARTBEAT_MS).unref();
  }

  #adoptOne(file: JournalFile): T[] {
    const { path } = file;
    if (path === this.#path || this.#others.includes(path)) return [];
    const found = this.#read(path);
    if (found === undefined || !isOrphaned(file, found)) return [];
    if (isExpired(file)) {
      removeFile(path);
      return [];
    }
    const adopted = join(this.#options.dir, newJournalName(begunMsOf(file)));
    try {
      renameSync(path, adopted);
    } catch {
      // Another process was faster.
      return [];
    }
    touch(adopted);
    this.#others.push(adopted);
    // Its writer may have gone on until it was renamed.
    return this.#read(adopted)?.entries ?? [];
  }

  #read(path: string): JournalContent<H, T> | undefined {
    const { format, isOurs } = this.#options;
    const content = readJournal(path, format);
    return content !== undefined && (isOurs?.(content.head) ?? true) ? content : undefined;
  }
}

function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}

function formatLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function touch(path: string): void {
  const now = Date.now() / 1000;
  try {
    utimesSync(path, now, now);
  } catch {
    // Adopted by a process that took this one for dead: both do it then.
  }
}

/** What lies at a path; `undefined` when that is no journal of this kind. */
export function readJournal<H extends object, T>(
  path: string,
  format: JournalFormat<H, T>,
): JournalContent<H, T> | undefined {
  try {
    // What follows the last line break was cut off.
    const [first = "", ...lines] = readSmallFile(path, MAX_JOURNAL_BYTES).toString().split("\n").slice(0, -1);
    const fields: Record<string, unknown> = JSON.parse(first);
    const head = format.parseHead(fields);
    return (
      head && { head, pidSpace: fields.pidSpace, entries: lines.flatMap((line) => parseLine(line, format)) }
    );
  } catch {
    return undefined;
  }
}

function parseLine<H extends object, T>(line: string, format: JournalFormat<H, T>): T[] {
  try {
    const entry = format.parse(line);
    return entry === undefined ? [] : [entry];
  } catch {
    return [];
  }
}

export interface JournalOptions<H extends object, T> {
  dir: string;
  head: H;
  format: JournalFormat<H, T>;
  /** Whose journals are adopted; by default all of this kind. */
  isOurs?: (head: H) => boolean;
}
