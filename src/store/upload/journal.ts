/**
 * A journal of a process's pending work, so that nothing is lost if the process dies. Its files (see
 * `journal-files.ts`):
 *
 *     {"pidSpace":"…", …}
 *     <entry>
 *     …
 *
 * Another process adopts a journal by renaming it. That may happen while the writer lives, since a writer suspended for
 * a minute counts as dead. The writer never recreates a missing file by appending: it begins a new one with all of its
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
/** Without O_CREAT, so an adopted file is not recreated. */
const APPEND_FLAGS = constants.O_WRONLY | constants.O_APPEND;

/** The text format of a kind of journal: its entries, and the head's fields besides `pidSpace`. */
export interface JournalFormat<H extends object, T> {
  /** Returns `undefined` or throws if it is not a journal of this kind. */
  parseHead(head: Record<string, unknown>): H | undefined;
  /** Must not contain line breaks. */
  format(entry: T): string;
  /** Returns `undefined` or throws if it is not an entry. */
  parse(line: string): T | undefined;
}

export class Journal<H extends object, T> {
  readonly #options: JournalOptions<H, T>;
  readonly #head: string;
  /** Further files of this journal: adopted ones, and own ones that could not be appended to. */
  readonly #others: string[] = [];
  #path: string | undefined;
  /** All lines since the journal was empty. */
  #lines: string[] = [];
  #sizeBytes: number;
  /** After a failed write, the next attempt is at this number of lines. */
  #retryAtLines = 0;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(options: JournalOptions<H, T>) {
    this.#options = options;
    // A link may lead out of the cache directory.
    removeLink(options.dir);
    this.#head = JSON.stringify({ ...options.head, pidSpace: pidSpace() });
    this.#sizeBytes = sizeOf(this.#head);
  }

  /** Never throws: the work is done even without a journal, unless the process dies. */
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

  /** Adopts the entries of dead processes: they now belong to this journal. */
  adopt(): T[] {
    const entries = adoptSome(listJournals(this.#options.dir), (file) => this.#adoptOne(file));
    if (this.#others.length > 0) this.#beat();
    return entries;
  }

  /** Removes the journal: all of its work is done, or never can be. */
  discard(): void {
    for (const path of this.#end()) removeFile(path);
  }

  /** Leaves the journal to another process at once, even while this one lives. */
  handOver(): void {
    for (const path of this.#end()) {
      try {
        renameSync(path, join(this.#options.dir, `left-${newJournalName(begunMsOf({ path }))}`));
      } catch {
        // Adopted already.
      }
    }
  }

  /** Leaves the journal to a later process, which may adopt it after this one exits. */
  stopHeartbeat(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  /** Resets the journal and returns its files. */
  #end(): string[] {
    this.stopHeartbeat();
    const paths = [...(this.#path === undefined ? [] : [this.#path]), ...this.#others.splice(0)];
    this.#path = undefined;
    this.#lines = [];
    this.#sizeBytes = sizeOf(this.#head);
    this.#retryAtLines = 0;
    return paths;
  }

  /** Appends lines. Returns whether the file still belongs to this journal. */
  #extend(lines: readonly string[]): boolean {
    const path = this.#path;
    if (path === undefined) return false;
    try {
      appendFileSync(path, formatLines(lines), { flag: APPEND_FLAGS as unknown as string });
      // A process that renames it later reads these lines, too.
      if (existsSync(path)) return true;
    } catch {
      // The file is gone, or the disk is full and the last line is incomplete.
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
      // The disk is full. An incomplete file would count as complete.
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
      // Another process has adopted it.
      return [];
    }
    touch(adopted);
    this.#others.push(adopted);
    // The writer may have appended lines until the rename.
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
    // Another process adopted it because this one seemed dead. Both then do the work.
  }
}

/** Reads a journal; `undefined` if the file is not a journal of this kind. */
export function readJournal<H extends object, T>(
  path: string,
  format: JournalFormat<H, T>,
): JournalContent<H, T> | undefined {
  try {
    // Text after the last line break is an incomplete line.
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
  /** Which journals to adopt, by head. Default: all of this kind. */
  isOurs?: (head: H) => boolean;
}
