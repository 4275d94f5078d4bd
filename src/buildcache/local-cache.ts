import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  openSync,
  readSync,
  type Stats,
  utimesSync,
} from "node:fs";
import { isErrno } from "../lib/files/errno.ts";
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

const HOUR_MS = 3_600_000;
/** Some file systems keep times to two seconds only. */
const TIME_STEP_MS = 2_000;
/** A link may lead out of the cache. Windows has no such flag. */
const READ_NO_LINK = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/**
 * The build cache on this machine's disk. All calls are synchronous and none waits for anything but the disk.
 * Several processes share the directories without locks: an entry counts only if its record is valid and its
 * output has the recorded size *now*, whatever was true a moment ago.
 */
export class LocalCache {
  readonly #primary: LocalDir;
  readonly #fallback: Fallback;
  readonly #refreshAgeMs: number;
  readonly #onWriteError: (error: unknown) => void;
  readonly #recordBuffer = Buffer.allocUnsafe(MAX_RECORD_BYTES);

  constructor(options: {
    dir: LocalDir;
    fallback: Fallback;
    expiryMs: number | undefined;
    /** Told of every failed write to `dir`. */
    onWriteError: (error: unknown) => void;
  }) {
    this.#primary = options.dir;
    this.#fallback = options.fallback;
    this.#refreshAgeMs = Math.min(HOUR_MS, (options.expiryMs ?? Number.POSITIVE_INFINITY) / 4);
    this.#onWriteError = options.onWriteError;
  }

  /** The entry, or `undefined` when there is none that could be handed out. */
  get(actionId: string): LocalEntry | undefined {
    const entry = this.#getFrom(this.#primary, actionId);
    if (entry !== undefined) return entry;
    const fallback = this.#fallback.existing();
    return fallback === undefined ? undefined : this.#getFrom(fallback, actionId);
  }

  /** Where an output is, or `undefined` when no file of that name is there. Its content is not looked at. */
  findOutput(outputId: string): { path: string; sizeBytes: number } | undefined {
    for (const dir of this.#dirs()) {
      const path = dir.path(OUTPUT_DIR, outputId);
      const stat = statPlainFile(path);
      if (stat !== undefined) return { path, sizeBytes: stat.size };
    }
    return undefined;
  }

  /** The path, for go, of an output that is there with that size, now marked as used. */
  reuseOutput(outputId: string, sizeBytes: number): string | undefined {
    return this.#touchOutput(this.#primary, outputId, sizeBytes)
      ? this.#primary.shownPath(OUTPUT_DIR, outputId)
      : undefined;
  }

  /** Begins an output; it becomes visible with the writer's `commit`. Throws when nothing can be written. */
  createOutput(outputId: string): OutputWriter {
    return new OutputWriter({
      outputId,
      dir: this.#primary,
      fallback: this.#fallback,
      onWriteError: this.#onWriteError,
    });
  }

  /**
   * Records that an action made an output which is already in place. Throws when no directory takes it. A record from
   * elsewhere comes with the time when it was put; it replaces neither a valid record of that time nor a newer one.
   */
  putRecord(actionId: string, record: ActionRecord, putTimeMs?: number): void {
    if (putTimeMs !== undefined && this.#hasRecordSince(actionId, putTimeMs)) return;
    const bytes = Buffer.from(formatActionRecord(record), "latin1");
    try {
      writeRecord(this.#primary, actionId, bytes, putTimeMs);
    } catch (error) {
      this.#onWriteError(error);
      const fallback = this.#fallback.writable();
      if (fallback === undefined) throw error;
      writeRecord(fallback, actionId, bytes, putTimeMs);
    }
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
      const place = this.#usableOutput(dir, outputId, sizeBytes);
      if (place === undefined) return undefined;
      this.#touchRecord(file);
      const path = place.shownPath(OUTPUT_DIR, outputId);
      return { actionId, outputId, sizeBytes, putTimeMs: file.stat.mtimeMs, path };
    });
  }

  /** The output of a record lies beside it, but for a disk that filled up between the two. */
  #usableOutput(dir: LocalDir, outputId: string, sizeBytes: number): LocalDir | undefined {
    if (this.#touchOutput(dir, outputId, sizeBytes)) return dir;
    return this.#dirs().find((other) => other !== dir && this.#touchOutput(other, outputId, sizeBytes));
  }

  /** What `use` makes of a valid record while its file is open; `undefined` when there is none. */
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

  /** Marks a record as used now, but not on every hit. The open file is marked: another may have its name by now. */
  #touchRecord({ path, fd, stat }: RecordFile): void {
    const now = Date.now();
    if (now - lastUseMs(ACTION_DIR, stat) <= this.#refreshAgeMs) return;
    try {
      // Windows sets no times of a file that is open for reading.
      if (process.platform === "win32") utimesSync(path, now / 1000, stat.mtimeMs / 1000);
      else futimesSync(fd, now / 1000, stat.mtimeMs / 1000);
    } catch {
      // Another user's file, or a directory that can't be written.
    }
  }

  /** Whether the output is there with that size; marks it as used now, but not on every hit. */
  #touchOutput(dir: LocalDir, outputId: string, sizeBytes: number): boolean {
    const path = dir.path(OUTPUT_DIR, outputId);
    const stat = statPlainFile(path);
    if (stat?.size !== sizeBytes) return false;
    const now = Date.now();
    if (now - stat.mtimeMs <= this.#refreshAgeMs) return true;
    try {
      utimesSync(path, now / 1000, now / 1000);
    } catch (error) {
      // A pruned output is gone; one in a directory that can't be written is as good as any.
      return !isErrno(error, "ENOENT");
    }
    return survivesEviction(dir, OUTPUT_DIR, outputId);
  }

  #dirs(): LocalDir[] {
    const fallback = this.#fallback.existing();
    return fallback === undefined ? [this.#primary] : [this.#primary, fallback];
  }
}

/** The open file of a record. */
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
