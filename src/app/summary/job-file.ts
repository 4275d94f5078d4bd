/**
 * The counters of the go commands of one run of a job, to be summed up: `state/jobs/<hash of job and run>.jsonl`,
 *
 *     {"atMs":…,"sessions":1,"counts":{"get":1066,…}}
 *
 * A go command appends one line or more, each with what it counted since its last one; the sums are the job's. Any number
 * of processes append at once. A file of a megabyte is renamed to `<hash>-<random>.jsonl`, and later its lines become one.
 *
 * `state/jobs/<hash>.used` lists which actions of a known compile time the job's commands have hit or put, by the first 16
 * digits of their ids, a line each, in blocks: `#<random>` begins the block of one command.
 */
import { renameSync } from "node:fs";
import { join } from "node:path";
import { appendLines, readJsonLines } from "../../lib/files/line-file.ts";
import { listFiles } from "../../lib/files/list-files.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import { statFile } from "../../lib/files/stat-file.ts";
import { isNumber, shape, tableOf } from "../../lib/shape.ts";
import type { JobRun } from "../../remote/scope/job-run.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

const FULL_BYTES = 1 << 20;
/** By then a process that opened the file before its renaming has written. */
const STILL_MS = 10_000;
/** Older jobs are deleted. */
const FORGOTTEN_MS = 7 * 24 * 3_600_000;
/** A longer list (250,000 actions) is not read: nothing counts as a first use then. */
const MAX_USED_BYTES = 4 << 20;
const KEY_DIGITS = 16;

/** Summed counters, the number of go commands, and the start of the first one. */
export interface JobSum {
  atMs: number;
  sessions: number;
  counts: Record<string, number>;
}

const isJobSum = shape<JobSum>({ atMs: isNumber, sessions: isNumber, counts: tableOf(isNumber) });

export class JobFile {
  readonly #dir: string;
  readonly #name: string;

  /** `root`: the cache directory. */
  constructor(root: string, { job, run }: JobRun) {
    this.#dir = join(root, STATE_DIR, "jobs");
    this.#name = Bun.hash(JSON.stringify([job, run]))
      .toString(16)
      .padStart(16, "0");
  }

  /** Never throws: when the disk fails, nothing is counted. */
  append(sum: JobSum): void {
    const path = join(this.#dir, `${this.#name}.jsonl`);
    try {
      const sizeBytes = statFile(path)?.size;
      if (sizeBytes === undefined) this.#tidy();
      appendLines(path, [JSON.stringify(sum)]);
      if (sizeBytes !== undefined && sizeBytes > FULL_BYTES) renameSync(path, this.#fullPath());
    } catch {
      // As said above.
    }
  }

  /** `undefined`: nothing was counted yet. */
  read(): JobSum | undefined {
    return addUp(this.#paths().flatMap(readSums));
  }

  /** When the first go command of the job started that has put anything or ended; `undefined`: there is none yet. */
  startedMs(): number | undefined {
    return this.read()?.atMs;
  }

  /**
   * Notes which actions a go command hit and put, and returns those of `hit` (whose values may be anything) that no
   * other command has noted before. Of two commands that note the same action at once, one gets it. Never throws;
   * returns none when the disk fails.
   */
  firstUses<T>(hit: ReadonlyMap<string, T>, put: readonly string[]): Map<string, T> {
    try {
      const news = new Map([...hit].map(([id, value]) => [keyOf(id), value] as const));
      const newPuts = new Map(put.map((id) => [keyOf(id), true] as const));
      this.#removeUsed([news, newPuts]);
      if (news.size + newPuts.size === 0) return news;
      const marker = `#${crypto.randomUUID()}`;
      appendLines(this.#usedPath, [marker, ...news.keys(), ...newPuts.keys()]);
      // Others may have appended since the look above.
      this.#removeUsed([news], marker);
      return news;
    } catch {
      return new Map();
    }
  }

  /** Forgets what was counted. */
  reset(): void {
    for (const path of this.#paths()) removeFile(path);
  }

  get #usedPath(): string {
    return join(this.#dir, `${this.#name}.used`);
  }

  /** Removes the listed actions from some, by key; up to a marker. */
  #removeUsed(from: readonly Map<string, unknown>[], marker?: string): void {
    if (statFile(this.#usedPath) === undefined) return;
    const bytes = readSmallFile(this.#usedPath, MAX_USED_BYTES);
    for (let at = 0, end = 0; at < bytes.length; at = end + 1) {
      const found = bytes.indexOf(10, at);
      end = found === -1 ? bytes.length : found;
      const line = bytes.toString("latin1", at, end);
      if (line === marker) return;
      for (const keys of from) keys.delete(line);
    }
  }

  #paths(): string[] {
    return listFiles(this.#dir)
      .filter((name) => name.startsWith(this.#name) && name.endsWith(".jsonl"))
      .map((name) => join(this.#dir, name));
  }

  #fullPath(): string {
    return join(this.#dir, `${this.#name}-${Math.random().toString(36).slice(2)}.jsonl`);
  }

  /** Removes the files of old jobs, and sums up large ones. */
  #tidy(): void {
    for (const name of listFiles(this.#dir)) {
      const path = join(this.#dir, name);
      const stat = statFile(path);
      const silentMs = Date.now() - (stat?.mtimeMs ?? Number.POSITIVE_INFINITY);
      if (silentMs > FORGOTTEN_MS) removeFile(path);
      else if (name.includes("-") && silentMs > STILL_MS && stat !== undefined && stat.size > FULL_BYTES) {
        const sum = addUp(readSums(path));
        if (sum !== undefined) replaceFile(path, JSON.stringify(sum));
      }
    }
  }
}

function keyOf(actionId: string): string {
  return actionId.slice(0, KEY_DIGITS);
}

function readSums(path: string): JobSum[] {
  return readJsonLines(path, isJobSum);
}

function addUp(sums: readonly JobSum[]): JobSum | undefined {
  const [first, ...rest] = sums;
  if (first === undefined) return undefined;
  const total = { ...first, counts: { ...first.counts } };
  for (const { atMs, sessions, counts } of rest) {
    total.atMs = Math.min(total.atMs, atMs);
    total.sessions += sessions;
    for (const [name, value] of Object.entries(counts))
      total.counts[name] = (total.counts[name] ?? 0) + value;
  }
  return total;
}
