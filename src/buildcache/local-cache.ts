import { closeSync, fstatSync, futimesSync, openSync, readSync, type Stats, utimesSync } from "node:fs";
import { isErrno } from "../lib/files/errno.ts";
import { READ_NO_LINK } from "../lib/files/no-link.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import { lastUseMs } from "../store/local/last-use.ts";
import { ACTION_DIR, type LocalDir, OUTPUT_DIR } from "../store/local/local-dir.ts";
import { survivesEviction } from "../store/local/remove-if-unused.ts";
import {
  type ActionRecord,
  formatActionRecord,
  MAX_RECORD_BYTES,
  parseActionRecord,
} from "./action-record.ts";
import type { LocalEntry } from "./entry.ts";
import type { Fallback } from "./fallback.ts";
import { OutputWriter } from "./output-writer.ts";
import { findProgram, mayRun } from "./program-names.ts";
import { isTestResult } from "./test-results.ts";

const HOUR_MS = 3_600_000;
/** Some file systems store times with a resolution of two seconds. */
const TIME_STEP_MS = 2_000;

/**
 * The build cache on the local disk. All calls are synchronous and wait only for the disk. Several processes share the
 * directories without locks, so a lookup never relies on earlier checks: an entry counts only if its record is valid
 * and its output has the recorded size *now*.
 */
export class LocalCache {
  readonly #primary: LocalDir;
  readonly #fallback: Fallback;
  readonly #refreshAgeMs: number;
  readonly #onWriteError: (error: unknown) => void;
  readonly #keepsTestResults: boolean;
  readonly #recordBuffer = Buffer.allocUnsafe(MAX_RECORD_BYTES);

  constructor(options: {
    dir: LocalDir;
    fallback: Fallback;
    expiryMs: number | undefined;
    /** Called for every failed write to `dir`. */
    onWriteError: (error: unknown) => void;
    /** `false`: go finds none, so that every test runs. */
    keepsTestResults?: boolean;
  }) {
    this.#primary = options.dir;
    this.#fallback = options.fallback;
    this.#refreshAgeMs = Math.min(HOUR_MS, (options.expiryMs ?? Number.POSITIVE_INFINITY) / 4);
    this.#onWriteError = options.onWriteError;
    this.#keepsTestResults = options.keepsTestResults ?? true;
  }

  /** The entry; `undefined` if there is none with a usable output. */
  get(actionId: string): LocalEntry | undefined {
    const entry = this.#getFrom(this.#primary, actionId);
    if (entry !== undefined) return entry;
    const fallback = this.#fallback.existing();
    return fallback === undefined ? undefined : this.#getFrom(fallback, actionId);
  }

  has(actionId: string): boolean {
    return this.get(actionId) !== undefined;
  }

  /** The path of an output, and the name of a program; `undefined` if there is no file. Does not check the content. */
  findOutput(outputId: string): { path: string; sizeBytes: number; executable?: string } | undefined {
    for (const dir of this.#dirs()) {
      const path = dir.path(OUTPUT_DIR, outputId);
      const stat = statPlainFile(path);
      if (stat === undefined) continue;
      const program = findProgram(dir, outputId, stat);
      return { path, sizeBytes: stat.size, ...(program && { executable: program.executable }) };
    }
    return undefined;
  }

  /** The path, as shown to go, of an existing output with that size. Marks it as used. */
  reuseOutput(outputId: string, sizeBytes: number): string | undefined {
    return this.#touchOutput(this.#primary, outputId, sizeBytes) !== undefined
      ? this.#primary.shownPath(OUTPUT_DIR, outputId)
      : undefined;
  }

  /**
   * Begins an output; the writer's `commit` makes it visible. `executable`: see `CacheEntry`. Throws if no directory is
   * writable.
   */
  createOutput(outputId: string, executable?: string): OutputWriter {
    return new OutputWriter({
      outputId,
      executable,
      dir: this.#primary,
      fallback: this.#fallback,
      onWriteError: this.#onWriteError,
    });
  }

  /**
   * Writes the record of an action; its output must exist already. Throws if no directory is writable. A record from
   * the remote has a `putTimeMs`; it replaces neither a newer valid record nor one of the same time. Returns whether it was
   * written.
   */
  putRecord(actionId: string, record: ActionRecord, putTimeMs?: number): boolean {
    if (putTimeMs !== undefined && this.#hasRecordSince(actionId, putTimeMs)) return false;
    if (!this.#keepsTestResults && this.#isTestResult(record)) return false;
    const bytes = Buffer.from(formatActionRecord(record), "latin1");
    try {
      writeRecord(this.#primary, actionId, bytes, putTimeMs);
    } catch (error) {
      this.#onWriteError(error);
      const fallback = this.#fallback.writable();
      if (fallback === undefined) throw error;
      writeRecord(fallback, actionId, bytes, putTimeMs);
    }
    return true;
  }

  #isTestResult({ outputId }: ActionRecord): boolean {
    const output = this.findOutput(outputId);
    return output !== undefined && isTestResult(output);
  }

  #hasRecordSince(actionId: string, putTimeMs: number): boolean {
    return this.#dirs().some((dir) => {
      const found = this.#withRecord(dir, actionId, (record, { stat }) => ({ record, stat }));
      if (found === undefined || found.stat.mtimeMs < putTimeMs - TIME_STEP_MS) return false;
      return this.findOutput(found.record.outputId)?.sizeBytes === found.record.sizeBytes;
    });
  }

  #getFrom(dir: LocalDir, actionId: string): LocalEntry | undefined {
    return this.#withRecord(dir, actionId, ({ outputId, sizeBytes }, file) => {
      const output = this.#usableOutput(dir, outputId, sizeBytes);
      if (output === undefined) return undefined;
      this.#touchRecord(file);
      const path = output.dir.shownPath(OUTPUT_DIR, outputId);
      const program = findProgram(output.dir, outputId, output.stat);
      return { actionId, outputId, sizeBytes, putTimeMs: file.stat.mtimeMs, path, ...program };
    });
  }

  /** A record and its output are in the same directory, unless the disk filled up between the two writes. */
  #usableOutput(
    dir: LocalDir,
    outputId: string,
    sizeBytes: number,
  ): { dir: LocalDir; stat: Stats } | undefined {
    const stat = this.#touchOutput(dir, outputId, sizeBytes);
    if (stat !== undefined) return { dir, stat };
    for (const other of this.#dirs()) {
      const found = other === dir ? undefined : this.#touchOutput(other, outputId, sizeBytes);
      if (found !== undefined) return { dir: other, stat: found };
    }
    return undefined;
  }

  /**
   * Calls `use` with a valid record while its file is open, and returns its result; `undefined` if there is no valid
   * record.
   */
  #withRecord<T>(
    dir: LocalDir,
    actionId: string,
    use: (record: ActionRecord, file: RecordFile) => T | undefined,
  ): T | undefined {
    const path = dir.path(ACTION_DIR, actionId);
    let fd: number | undefined;
    try {
      fd = openSync(path, READ_NO_LINK);
      const length = readSync(fd, this.#recordBuffer, 0, MAX_RECORD_BYTES, 0);
      if (length === MAX_RECORD_BYTES) return undefined;
      const record = parseActionRecord(this.#recordBuffer.toString("latin1", 0, length));
      return record && use(record, { path, fd, stat: fstatSync(fd) });
    } catch {
      return undefined;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /**
   * Marks a record as used, at most once per refresh interval. Marks the open file, since another file may have its
   * name by now.
   */
  #touchRecord({ path, fd, stat }: RecordFile): void {
    const now = Date.now();
    if (now - lastUseMs(ACTION_DIR, stat) <= this.#refreshAgeMs) return;
    try {
      // Windows can't set the times of a file that is open for reading.
      if (process.platform === "win32") utimesSync(path, now / 1000, stat.mtimeMs / 1000);
      else futimesSync(fd, now / 1000, stat.mtimeMs / 1000);
    } catch {
      // The file belongs to another user, or the directory is read-only.
    }
  }

  /** The output, if it exists with that size. Marks it as used, at most once per refresh interval. */
  #touchOutput(dir: LocalDir, outputId: string, sizeBytes: number): Stats | undefined {
    const path = dir.path(OUTPUT_DIR, outputId);
    const stat = statPlainFile(path);
    if (stat?.size !== sizeBytes || !mayRun(path, stat)) return undefined;
    const now = Date.now();
    if (now - stat.mtimeMs <= this.#refreshAgeMs) return stat;
    try {
      utimesSync(path, now / 1000, now / 1000);
    } catch (error) {
      // ENOENT: it was pruned. Other errors come from read-only directories; the output is usable all the same.
      return isErrno(error, "ENOENT") ? undefined : stat;
    }
    return survivesEviction(dir, OUTPUT_DIR, outputId) ? stat : undefined;
  }

  #dirs(): LocalDir[] {
    const fallback = this.#fallback.existing();
    return fallback === undefined ? [this.#primary] : [this.#primary, fallback];
  }
}

/** A record's open file. */
interface RecordFile {
  path: string;
  fd: number;
  stat: Stats;
}

function writeRecord(dir: LocalDir, actionId: string, bytes: Uint8Array, putTimeMs?: number): void {
  const file = dir.createTemp();
  try {
    file.write(bytes);
    dir.publish(file, ACTION_DIR, actionId, putTimeMs);
  } catch (error) {
    file.discard();
    throw error;
  }
}
