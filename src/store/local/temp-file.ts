import {
  closeSync,
  fchmodSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  utimesSync,
  write,
} from "node:fs";
import { removeFile } from "../../lib/files/remove-file.ts";
import { writeAll } from "../../lib/files/write-all.ts";

const COPY_CHUNK_BYTES = 1 << 20;
const MODE = 0o644;
const EXECUTABLE_MODE = 0o755;

/** Not by node:util, which each go command would load: it takes most of a millisecond. */
function writeFd(fd: number, bytes: Uint8Array, start: number, position: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  write(fd, bytes, start, bytes.length - start, position, (error, written) => {
    if (error === null) resolve(written);
    else reject(error);
  });
  return promise;
}

/**
 * A file being written, invisible to readers until it is renamed into place. All calls except `writeAside` are
 * synchronous: at 20 to 60 µs per operation, a promise would cost more than the work.
 */
export class TempFile {
  readonly path: string;
  #fd: number | undefined;
  #sizeBytes = 0;

  /** Creates the file; `path` must not exist yet. */
  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, "wx", MODE);
    try {
      // Overrides the umask: other users of a shared directory must be able to read the file.
      fchmodSync(this.#fd, MODE);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Number of bytes written so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends all of `bytes`, or throws and leaves `sizeBytes` unchanged. */
  write(bytes: Uint8Array): void {
    const fd = this.#fd;
    if (fd === undefined) throw new Error(`${this.path} is closed already`);
    writeAll(fd, bytes, this.#sizeBytes);
    this.#sizeBytes += bytes.length;
  }

  /** Like `write`, but on another thread, for large data. Make no other call to the file until it has returned. */
  async writeAside(bytes: Uint8Array): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) throw new Error(`${this.path} is closed already`);
    let done = 0;
    while (done < bytes.length) {
      done += await writeFd(fd, bytes, done, this.#sizeBytes + done);
    }
    this.#sizeBytes += bytes.length;
  }

  /** Makes the file executable for all users. Has no effect on Windows. */
  makeExecutable(): void {
    if (this.#fd === undefined) throw new Error(`${this.path} is closed already`);
    fchmodSync(this.#fd, EXECUTABLE_MODE);
  }

  /** Truncates the file. */
  restart(): void {
    if (this.#fd === undefined) throw new Error(`${this.path} is closed already`);
    ftruncateSync(this.#fd, 0);
    this.#sizeBytes = 0;
  }

  /** Appends this file's content to `other`, for example if this disk is full. */
  copyTo(other: TempFile): void {
    const fd = openSync(this.path, "r");
    try {
      const chunk = new Uint8Array(Math.min(COPY_CHUNK_BYTES, this.#sizeBytes));
      for (let offset = 0; offset < this.#sizeBytes; ) {
        const count = readSync(fd, chunk, 0, Math.min(chunk.length, this.#sizeBytes - offset), offset);
        if (count === 0) throw new Error(`${this.path} is shorter than what was written to it`);
        other.write(chunk.subarray(0, count));
        offset += count;
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Moves the finished file to `target`, replacing any file there. Sets the modification time if given. */
  commit(target: string, modifiedMs?: number): void {
    this.#close();
    if (modifiedMs !== undefined) utimesSync(this.path, Date.now() / 1000, modifiedMs / 1000);
    renameSync(this.path, target);
  }

  /** Removes the file, if possible. Has no effect after `commit`. Never throws. */
  discard(): void {
    try {
      this.#close();
    } catch {
      // The disk failed. The content is not needed.
    }
    removeFile(this.path);
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }
}
