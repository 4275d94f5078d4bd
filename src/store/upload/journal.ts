/**
 * A journal of a process's pending work, so that nothing is lost if the process dies. Its files (see
 * `journal-files.ts`):
 *
 *     {"pidSpace":"…", …}
 *     <entry>
 *     …
 *
 * Another process adopts a journal by renaming it. That may happen while the writer lives, since a writer suspended for
 * a minute counts as dead. The writer never recreates a missing file by appending: it begins a new one, with what it has
 * to write from then on. The lines of the other file are the adopter's work, so the writer does not keep them.
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
/** How much is written at once. */
const BATCH_BYTES = 1 << 20;
/** How much is kept to be written again when the disk is full; no more is noted then. */
const MAX_UNWRITTEN_BYTES = 2 << 20;
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
  /** Further files of this journal: adopted ones, and own ones that are full or could not be appended to. */
  readonly #others: string[] = [];
  #path: string | undefined;
  /** The size of the file there. */
  #sizeBytes = 0;
  /** Whole lines that are in no file. */
  #unwritten = "";
  /** Since writing failed: calls that would have begun a file, and at which one it is tried again. */
  #beginCalls = 0;
  #retryAtCall = 0;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(options: JournalOptions<H, T>) {
    this.#options = options;
    // A link may lead out of the cache directory.
    removeLink(options.dir);
    this.#head = `${JSON.stringify({ ...options.head, pidSpace: pidSpace() })}\n`;
  }

  /** Never throws: the work is done even without a journal, unless the process dies. */
  append(entries: Iterable<T>): void {
    let lines = "";
    for (const entry of entries) {
      lines += `${this.#options.format.format(entry)}\n`;
      if (lines.length < BATCH_BYTES) continue;
      this.#write(lines);
      lines = "";
    }
    if (lines !== "") this.#write(lines);
    if (this.#path !== undefined) this.#beat();
  }

  /** Adopts the entries of dead processes: they now belong to this journal. */
  adopt(): T[] {
    const entries = adoptSome(listJournals(this.#options.dir), (file) => this.#adoptOne(file));
    if (this.#others.length > 0) this.#beat();
    return entries;
  }

  /**
   * Begins a new file with the next entry. The returned function removes the files before it: call it when their work is
   * done.
   */
  cut(): () => void {
    if (this.#path !== undefined) this.#others.push(this.#path);
    this.#path = undefined;
    const files = [...this.#others];
    return () => {
      for (const path of files) {
        removeFile(path);
        const at = this.#others.indexOf(path);
        if (at !== -1) this.#others.splice(at, 1);
      }
    };
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
    this.#clear();
    return paths;
  }

  #clear(): void {
    this.#unwritten = "";
    this.#beginCalls = 0;
    this.#retryAtCall = 0;
  }

  #write(lines: string): void {
    if (this.#extend(lines)) return;
    if (this.#unwritten.length + lines.length <= MAX_UNWRITTEN_BYTES) this.#unwritten += lines;
    this.#begin();
  }

  /** Appends lines. Returns whether they are in a file of this journal. */
  #extend(lines: string): boolean {
    const path = this.#path;
    if (path === undefined) return false;
    this.#sizeBytes += Buffer.byteLength(lines);
    try {
      if (this.#sizeBytes <= MAX_JOURNAL_BYTES) {
        appendFileSync(path, lines, { flag: APPEND_FLAGS as unknown as string });
        // A process that renames it later reads these lines, too.
        if (existsSync(path)) return true;
      }
    } catch {
      // The file is gone, or the disk is full and the last line is incomplete.
    }
    this.#others.push(path);
    this.#path = undefined;
    return false;
  }

  /** Begins a file with the lines that are in none. */
  #begin(): void {
    if (++this.#beginCalls < this.#retryAtCall) return;
    const { dir } = this.#options;
    const path = join(dir, newJournalName());
    const text = this.#head + this.#unwritten;
    try {
      makePrivateDir(dir);
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    } catch {
      // The disk is full. An incomplete file would count as complete.
      removeFile(path);
      this.#retryAtCall = 2 * this.#beginCalls;
      return;
    }
    this.#path = path;
    this.#sizeBytes = Buffer.byteLength(text);
    this.#unwritten = "";
    this.#beginCalls = 0;
    this.#retryAtCall = 0;
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
