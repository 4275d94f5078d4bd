import {
  closeSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { isErrno } from "../lib/files/errno.ts";
import { isPlainFileName } from "../lib/files/plain-file-name.ts";
import { isProgram, MAGIC_BYTES } from "../lib/files/program-magic.ts";
import { writeAll } from "../lib/files/write-all.ts";
import { orReport } from "../lib/or-report.ts";

const MODE = 0o666;
const EXECUTABLE_MODE = 0o777;
/** The umask takes from the mode of a new file, and not from one that is set later. */
const READ_BITS = 0o444;

/**
 * An output being written to go's own cache: beside its place, then renamed. One with a file name is a folder with that
 * file, as go keeps the programs that it runs.
 */
export class GoOutput {
  readonly #options: GoOutputOptions;
  readonly #path: string;
  readonly #head = new Uint8Array(MAGIC_BYTES);
  #fd: number | undefined;
  #sizeBytes = 0;
  #isCreated = false;

  constructor(options: GoOutputOptions) {
    this.#options = options;
    this.#path = options.unfinishedPath;
    if (options.executable !== undefined && !isPlainFileName(options.executable))
      throw new Error("the name of a program leads out of its folder");
  }

  /** Appends `bytes`. Throws if the disk fails. */
  write(bytes: Uint8Array): void {
    orReport(this.#options.onProblem, () => this.#append(bytes));
  }

  /** Makes the output visible, unless go has it by now. Throws if the disk fails. */
  commit(): void {
    orReport(this.#options.onProblem, () => {
      this.#open();
      if (this.#options.isThere(this.#sizeBytes)) this.discard();
      else this.#replace();
    });
  }

  /** The same without a look, for a caller who has just had one. */
  replace(): void {
    orReport(this.#options.onProblem, () => this.#replace());
  }

  /** Removes what is not finished. Has no effect after `commit`. Never throws. */
  discard(): void {
    try {
      this.#close();
      if (this.#isCreated) rmSync(this.#path, { recursive: true, force: true });
    } catch {
      // go's trimming removes it.
    }
  }

  #append(bytes: Uint8Array): void {
    const fd = this.#open();
    if (this.#sizeBytes < MAGIC_BYTES)
      this.#head.set(bytes.subarray(0, MAGIC_BYTES - this.#sizeBytes), this.#sizeBytes);
    writeAll(fd, bytes, this.#sizeBytes);
    this.#sizeBytes += bytes.length;
  }

  #replace(): void {
    const { path, executable, mtimeMs, isThere, onKept } = this.#options;
    const fd = this.#open();
    // Without a name it was in the cache of a helper, where go runs it all the same.
    if (executable === undefined && isProgram(this.#head)) makeExecutable(fd);
    futimesSync(fd, mtimeMs / 1000, mtimeMs / 1000);
    this.#close();
    if (executable !== undefined) utimesSync(this.#path, mtimeMs / 1000, mtimeMs / 1000);
    try {
      renameSync(this.#path, path);
      onKept?.();
    } catch (error) {
      // A folder replaces no file, and no folder with a file; Windows replaces no file that is open.
      if (!isThere(this.#sizeBytes)) throw error;
      this.discard();
    }
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd;
    this.#isCreated = true;
    try {
      this.#fd = this.#create();
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
      this.#options.makeFolder();
      this.#fd = this.#create();
    }
    return this.#fd;
  }

  #create(): number {
    const { executable } = this.#options;
    if (executable === undefined) return openSync(this.#path, "wx", MODE);
    mkdirSync(this.#path, { mode: EXECUTABLE_MODE });
    return openSync(join(this.#path, executable), "wx", EXECUTABLE_MODE);
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }
}

/** For all who may read it. Has no effect on Windows. */
function makeExecutable(fd: number): void {
  const { mode } = fstatSync(fd);
  fchmodSync(fd, (mode & 0o777) | ((mode & READ_BITS) >> 2));
}

export interface GoOutputOptions {
  /** Where go reads it. */
  path: string;
  /** In the same folder. */
  unfinishedPath: string;
  /** Makes that folder when it has gone. */
  makeFolder: () => void;
  /** See `CacheEntry`. */
  executable: string | undefined;
  mtimeMs: number;
  /** Whether go has an output of this size there. */
  isThere: (sizeBytes: number) => boolean;
  /** Called when go finds these bytes there, and not those of another process. */
  onKept?: () => void;
  /** Receives what `write` and `commit` throw. */
  onProblem: (error: unknown) => void;
}
