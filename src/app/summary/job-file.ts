/**
 * What the go commands of one run of a job counted, so that they add up: `state/jobs/<hash of job and run>.jsonl`,
 *
 *     {"atMs":…,"sessions":1,"counts":{"get":1066,…}}
 *
 * A line a go command or more, what was counted since its line before; the sums are the job's. Any number of processes
 * append at once. When the file has a megabyte it is renamed to `<hash>-<random>.jsonl`, and later its lines become one.
 */
import { appendFileSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "../../lib/list-files.ts";
import { removeFile } from "../../lib/remove-file.ts";
import { replaceFile } from "../../lib/replace-file.ts";
import { statFile } from "../../lib/stat-file.ts";
import type { JobRun } from "../../remote/scope/job-run.ts";
import { STATE_DIR } from "../../store/local-dir.ts";

const FULL_BYTES = 1 << 20;
/** Whoever had opened the file before it was renamed has written by then. */
const STILL_MS = 10_000;
/** Nobody asks after a job that is older. */
const FORGOTTEN_MS = 7 * 24 * 3_600_000;

/** What was counted, by how many go commands, and since when. */
export interface JobSum {
  atMs: number;
  sessions: number;
  counts: Record<string, number>;
}

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

  /** Never throws: on a disk that takes nothing, nothing is counted. */
  append(sum: JobSum): void {
    const path = join(this.#dir, `${this.#name}.jsonl`);
    try {
      const sizeBytes = statFile(path)?.size;
      if (sizeBytes === undefined) this.#tidy();
      // A line that a full disk has cut off must not take the next one with it.
      appendFileSync(path, `\n${JSON.stringify(sum)}`);
      if (sizeBytes !== undefined && sizeBytes > FULL_BYTES) renameSync(path, this.#fullPath());
    } catch {
      // As said above.
    }
  }

  /** `undefined`: nothing was counted yet. */
  read(): JobSum | undefined {
    return addUp(this.#paths().flatMap(readLines));
  }

  /** Begins anew. */
  reset(): void {
    for (const path of this.#paths()) removeFile(path);
  }

  #paths(): string[] {
    return listFiles(this.#dir)
      .filter((name) => name.startsWith(this.#name) && name.endsWith(".jsonl"))
      .map((name) => join(this.#dir, name));
  }

  #fullPath(): string {
    return join(this.#dir, `${this.#name}-${Math.random().toString(36).slice(2)}.jsonl`);
  }

  /** Makes the directory; removes what belongs to old jobs, and makes one line of many. */
  #tidy(): void {
    mkdirSync(this.#dir, { recursive: true });
    for (const name of listFiles(this.#dir)) {
      const path = join(this.#dir, name);
      const stat = statFile(path);
      const silentMs = Date.now() - (stat?.mtimeMs ?? Number.POSITIVE_INFINITY);
      if (silentMs > FORGOTTEN_MS) removeFile(path);
      else if (name.includes("-") && silentMs > STILL_MS && stat !== undefined && stat.size > FULL_BYTES) {
        const sum = addUp(readLines(path));
        if (sum !== undefined) replaceFile(path, JSON.stringify(sum));
      }
    }
  }
}

function readLines(path: string): JobSum[] {
  try {
    return readFileSync(path, "utf8").split("\n").flatMap(parseLine);
  } catch {
    return [];
  }
}

function parseLine(line: string): JobSum[] {
  try {
    const { atMs, sessions, counts } = JSON.parse(line);
    const numbers = [atMs, sessions, ...Object.values(counts)];
    return numbers.every((value) => Number.isFinite(value)) ? [{ atMs, sessions, counts }] : [];
  } catch {
    return [];
  }
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
