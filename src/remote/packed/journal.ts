/**
 * What was put and is not in the bucket yet, so that a helper that dies loses nothing: `<dir>/<pid>-<random>`,
 *
 *     {"platform":…,"project":…,"branch":…,…,"pidSpace":…}
 *     <action> <output> <size in bytes> <put at, ms>[ used]
 *     …
 *
 * A line that ends with `used` is of an entry that was not put, only used: what a helper notes that leaves its whole
 * bookkeeping to another one. It renames its journal to `left-<random>` then.
 * The outputs themselves are in the local cache. A journal whose writer is gone is adopted by renaming it: its writer
 * is no process of this machine any more, or has not touched it for a minute.
 */
import { appendFileSync, mkdirSync, renameSync, utimesSync } from "node:fs";
import { basename, join } from "node:path";
import { isProcessAlive, pidSpace } from "../../lib/process-life.ts";
import { removeFile } from "../../lib/remove-file.ts";
import { removeLink } from "../../lib/remove-link.ts";
import { adoptSome, type JournalFile, listJournals, MAX_JOURNAL_BYTES } from "../../store/journal-files.ts";
import type { Scope } from "../scope/scope.ts";
import { formatLine, type JournalEntry, type JournalHead, readJournal } from "./journal-file.ts";

const HEARTBEAT_MS = 20_000;
const SILENT_MS = 60_000;

export class Journal {
  readonly #dir: string;
  readonly #head: JournalHead;
  readonly #path: string;
  readonly #adopted: string[] = [];
  #isBegun = false;
  #sizeBytes = 0;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(dir: string, scope: Scope) {
    this.#dir = dir;
    // It may lead out of the cache directory.
    removeLink(dir);
    this.#head = { ...scope, pidSpace: pidSpace() };
    this.#path = join(dir, newName());
  }

  /** Never throws: without a journal an entry is uploaded all the same, if the helper lives. */
  append(...entries: JournalEntry[]): void {
    const lines = entries.map(formatLine).join("");
    try {
      if (!this.#isBegun) this.#begin();
      this.#sizeBytes += lines.length;
      if (this.#sizeBytes <= MAX_JOURNAL_BYTES) appendFileSync(this.#path, lines);
    } catch {
      // A disk that is full takes no journal.
    }
  }

  /** The entries of helpers of the same project that have died. They are this journal's from now on. */
  adopt(): JournalEntry[] {
    const entries = adoptSome(listJournals(this.#dir), (file) => this.#adoptOne(file));
    if (this.#adopted.length > 0) this.#beat();
    return entries;
  }

  /** All of it is in the bucket, or never can be. */
  discard(): void {
    this.leave();
    this.#isBegun = false;
    for (const path of [this.#path, ...this.#adopted.splice(0)]) removeFile(path);
  }

  /** Leaves it to another helper, now: this one need not be gone for that. */
  handOver(): void {
    this.leave();
    for (const path of [this.#path, ...this.#adopted.splice(0)]) {
      try {
        renameSync(path, join(this.#dir, `left-${newName()}`));
      } catch {
        // There is none.
      }
    }
    this.#isBegun = false;
  }

  /** Leaves it to the next helper. */
  leave(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  #begin(): void {
    mkdirSync(this.#dir, { recursive: true });
    appendFileSync(this.#path, `${JSON.stringify(this.#head)}\n`, { mode: 0o600 });
    this.#isBegun = true;
    this.#beat();
  }

  #beat(): void {
    this.#heartbeat ??= setInterval(() => touch([this.#path, ...this.#adopted]), HEARTBEAT_MS).unref();
  }

  #adoptOne(file: JournalFile): JournalEntry[] {
    const { path } = file;
    if (path === this.#path || this.#adopted.includes(path)) return [];
    const left = readLeft(file);
    const isOurs = left?.head.platform === this.#head.platform && left.head.project === this.#head.project;
    if (left === undefined || !isOurs) return [];
    const adopted = join(this.#dir, newName());
    try {
      renameSync(path, adopted);
    } catch {
      return [];
    }
    touch([adopted]);
    this.#adopted.push(adopted);
    return left.entries;
  }
}

/** The scopes of what helpers have left that died, or handed it over: each once. */
export function leftScopes(dir: string): Scope[] {
  const heads = listJournals(dir).map((file) => readLeft(file)?.head);
  const scopes = heads.filter((head) => head !== undefined).map(({ pidSpace: _, ...scope }) => scope);
  return [...new Map(scopes.map((scope) => [JSON.stringify(scope), scope])).values()];
}

/** A journal whose writer is gone. */
function readLeft({
  path,
  silentMs,
}: JournalFile): { head: JournalHead; entries: JournalEntry[] } | undefined {
  const { head, entries } = readJournal(path);
  if (head === undefined) return undefined;
  const isGone = head.pidSpace === pidSpace() && !isWriterAlive(path);
  return silentMs > SILENT_MS || isGone ? { head, entries } : undefined;
}

function newName(): string {
  return `${process.pid}-${Math.random().toString(36).slice(2)}`;
}

/** One that was handed over has no number in its name. */
function isWriterAlive(path: string): boolean {
  const pid = Number.parseInt(basename(path), 10);
  return !Number.isNaN(pid) && isProcessAlive(pid);
}

function touch(paths: string[]): void {
  const now = Date.now() / 1000;
  for (const path of paths) {
    try {
      utimesSync(path, now, now);
    } catch {
      // Adopted by somebody who thought us dead: both upload it then.
    }
  }
}
