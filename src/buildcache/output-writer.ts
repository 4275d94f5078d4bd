import { isProgram, MAGIC_BYTES } from "../lib/files/program-magic.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import { type LocalDir, OUTPUT_DIR } from "../store/local/local-dir.ts";
import { survivesEviction } from "../store/local/remove-if-unused.ts";
import type { TempFile } from "../store/local/temp-file.ts";
import type { Fallback } from "./fallback.ts";
import { nameProgram } from "./program-names.ts";

/**
 * Writes one output. If the directory fails at any point (full, read-only, no inodes), the bytes written so far move to
 * the fallback directory and writing continues there: go must get a file as long as any directory is writable.
 */
export class OutputWriter {
  readonly #outputId: string;
  readonly #executable: string | undefined;
  readonly #fallback: Fallback;
  readonly #onWriteError: (error: unknown) => void;
  readonly #head = new Uint8Array(MAGIC_BYTES);
  #headBytes = 0;
  #dir: LocalDir;
  #file: TempFile | undefined;

  constructor(options: {
    outputId: string;
    /** See `CacheEntry`. */
    executable?: string | undefined;
    dir: LocalDir;
    fallback: Fallback;
    onWriteError: (error: unknown) => void;
  }) {
    this.#outputId = options.outputId;
    this.#executable = options.executable;
    this.#dir = options.dir;
    this.#fallback = options.fallback;
    this.#onWriteError = options.onWriteError;
  }

  /** Appends `bytes`. Throws if no directory is writable. */
  write(bytes: Uint8Array): void {
    if (this.#headBytes < MAGIC_BYTES) {
      const missing = bytes.subarray(0, MAGIC_BYTES - this.#headBytes);
      this.#head.set(missing, this.#headBytes);
      this.#headBytes += missing.length;
    }
    this.#orFallback(() => this.#openFile().write(bytes));
  }

  /**
   * Makes the output visible, replacing a file of that name, and returns its path as shown to go. Pass `outputId` if it
   * differs from the expected id.
   */
  commit(outputId = this.#outputId): string {
    return this.#orFallback(() => {
      const file = this.#openFile();
      try {
        // go executes some cached files in place.
        if (this.#executable !== undefined || isProgram(this.#head)) file.makeExecutable();
        this.#dir.publish(file, OUTPUT_DIR, outputId);
      } catch (error) {
        // Windows refuses to replace a file that go has mapped. A file of the right size is the same output.
        if (!this.#isThere(outputId, file.sizeBytes)) throw error;
        file.discard();
      }
      survivesEviction(this.#dir, OUTPUT_DIR, outputId);
      if (this.#executable !== undefined) nameProgram(this.#dir, outputId, this.#executable);
      return this.#dir.shownPath(OUTPUT_DIR, outputId);
    });
  }

  /** Removes the temporary file. Has no effect after `commit`. */
  discard(): void {
    this.#file?.discard();
  }

  #openFile(): TempFile {
    this.#file ??= this.#dir.createTemp();
    return this.#file;
  }

  #isThere(outputId: string, sizeBytes: number): boolean {
    const path = this.#dir.path(OUTPUT_DIR, outputId);
    return process.platform === "win32" && statPlainFile(path)?.size === sizeBytes;
  }

  #orFallback<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      this.#onWriteError(error);
      if (!this.#moveToFallback()) throw error;
      return action();
    }
  }

  #moveToFallback(): boolean {
    const fallback = this.#fallback.writable();
    if (fallback === undefined || fallback === this.#dir) return false;
    const written = this.#file;
    this.#file = fallback.createTemp();
    this.#dir = fallback;
    if (written === undefined) return true;
    try {
      written.copyTo(this.#file);
    } finally {
      written.discard();
    }
    return true;
  }
}
