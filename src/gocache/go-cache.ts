import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { CacheEntry, LocalEntry } from "../buildcache/entry.ts";
import { hashFileNow } from "../lib/files/hash-file.ts";
import { isPlainFileName } from "../lib/files/plain-file-name.ts";
import { readSmallFile } from "../lib/files/small-file.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import { IdTable } from "../lib/id-table.ts";
import { orReport } from "../lib/or-report.ts";
import { ACTION_FILE_BYTES, formatActionFile, parseActionFile } from "./action-file.ts";
import { GoFolders } from "./go-folders.ts";
import { GoOutput, type GoOutputOptions } from "./go-output.ts";

/** go notes a use at most once an hour, and trims what was not used for five days. */
const HOUR_MS = 3_600_000;

/** What go has of an output. */
export interface GoOutputFile {
  path: string;
  sizeBytes: number;
  /** The file name of a program; see `CacheEntry`. */
  executable?: string;
}

/**
 * Go's own cache directory. What is written gets a modification time of two hours before `startMs`, so that go's next use
 * shows, and no later time of its put: `save` takes what go has put since for this run's own. An entry that is there is
 * never changed. All calls are synchronous.
 */
export class GoCache {
  readonly #folders: GoFolders;
  readonly #mtimeMs: number;
  /** The last output that was written or checked here: most records follow their output. */
  #lastRight: string | undefined;
  /** Actions whose entries were seen or written here. */
  readonly #usable = new IdTable();
  #firstProblem: unknown;

  /** Creates no file. `startMs`: uses since then are to show. */
  constructor(root: string, startMs: number = Date.now()) {
    this.#folders = new GoFolders(root);
    this.#mtimeMs = startMs - 2 * HOUR_MS;
  }

  /** The first reason why something could not be written; `undefined`: there was none. */
  get firstProblem(): unknown {
    return this.#firstProblem;
  }

  /** The entry of an action; `undefined` if there is none with an output of its size. */
  get(actionId: string): LocalEntry | undefined {
    const entry = this.#readAction(actionId);
    const output = entry && this.findOutput(entry.outputId);
    if (entry === undefined || output?.sizeBytes !== entry.sizeBytes) return undefined;
    return { ...entry, ...output };
  }

  /** Whether there is such an entry, or was one when this was last asked or one was written here. */
  has(actionId: string): boolean {
    return this.#usable.has(actionId) || this.#see(actionId);
  }

  /** An output as go would find it; go reads it if it has the size of the entry. The content is not verified. */
  findOutput(outputId: string): GoOutputFile | undefined {
    try {
      const path = this.#folders.path(outputId, "d");
      if (path === undefined) return undefined;
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isFile()) return { path, sizeBytes: stat.size };
      return stat?.isDirectory() ? findProgram(path) : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Begins an output, whose bytes the caller checks before `commit`. `executable`: see `CacheEntry`. Throws if it has no
   * place in the cache.
   */
  createOutput(outputId: string, executable?: string): GoOutput {
    return this.#create(outputId, {
      kind: "d",
      executable,
      isThere: (sizeBytes) => this.findOutput(outputId)?.sizeBytes === sizeBytes,
      onKept: () => {
        this.#lastRight = outputId;
      },
    });
  }

  /**
   * Writes the record of an action, unless go has a usable one, or lacks the output. One that was there before counts if
   * its bytes have this id: go would not check them. Returns whether it was written. Throws if the disk fails.
   */
  putRecord(
    actionId: string,
    { outputId, sizeBytes }: Pick<CacheEntry, "outputId" | "sizeBytes">,
    putTimeMs: number,
  ): boolean {
    if (this.#see(actionId) || !this.#hasRight(outputId, sizeBytes)) return false;
    const file = this.#create(actionId, {
      kind: "a",
      executable: undefined,
      isThere: () => this.get(actionId) !== undefined,
    });
    try {
      const text = formatActionFile({ actionId, outputId, sizeBytes, putTimeMs }, this.#mtimeMs);
      file.write(Buffer.from(text, "latin1"));
      file.replace();
    } catch (error) {
      file.discard();
      throw error;
    }
    this.#usable.set(actionId);
    return true;
  }

  #see(actionId: string): boolean {
    const isThere = this.get(actionId) !== undefined;
    if (isThere) this.#usable.set(actionId);
    return isThere;
  }

  #create(
    id: string,
    { kind, ...options }: Pick<GoOutputOptions, "executable" | "isThere" | "onKept"> & { kind: "a" | "d" },
  ): GoOutput {
    const onProblem = (error: unknown) => {
      this.#firstProblem ??= error;
    };
    return orReport(onProblem, () => {
      const path = this.#folders.makePath(id, kind);
      const unfinishedPath = this.#folders.unfinishedPath(id);
      const makeFolder = () => this.#folders.makeAgain(id);
      return new GoOutput({
        path,
        unfinishedPath,
        makeFolder,
        mtimeMs: this.#mtimeMs,
        onProblem,
        ...options,
      });
    });
  }

  /** Whether an output of this size is there, with the right bytes. */
  #hasRight(outputId: string, sizeBytes: number): boolean {
    const output = this.findOutput(outputId);
    if (output?.sizeBytes !== sizeBytes) return false;
    const isRight = this.#lastRight === outputId || hashFileNow(output.path) === outputId;
    if (isRight) this.#lastRight = outputId;
    else this.#firstProblem ??= new Error(`${output.path} has other bytes than its name says`);
    return isRight;
  }

  #readAction(actionId: string): CacheEntry | undefined {
    try {
      const path = this.#folders.path(actionId, "a");
      // Most lookups are for what is not there, and an exception takes as long as the rest.
      if (path === undefined || statPlainFile(path) === undefined) return undefined;
      return parseActionFile(readSmallFile(path, ACTION_FILE_BYTES).toString("latin1"), actionId);
    } catch {
      return undefined;
    }
  }
}

/** The only file of a program's folder. */
function findProgram(folder: string): GoOutputFile | undefined {
  const [executable, ...others] = readdirSync(folder);
  if (executable === undefined || others.length > 0 || !isPlainFileName(executable)) return undefined;
  const path = join(folder, executable);
  const stat = lstatSync(path);
  return stat.isFile() ? { path, sizeBytes: stat.size, executable } : undefined;
}
