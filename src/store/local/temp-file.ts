import {
  closeSync,
  fchmodSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  utimesSync,
  write,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { removeFile } from "../../lib/files/remove-file.ts";

const COPY_CHUNK_BYTES = 1 << 20;
const MODE = 0o644;
const EXECUTABLE_MODE = 0o755;

const writeFd = promisify(write);

/**
 * A file being written, invisible to readers until it is renamed into place. All calls but one are synchronous: at
 * 20 to 60 µs an operation a promise would cost more than the work.
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
      // Whatever the umask: other users of a shared directory have to read it.
      fchmodSync(this.#fd, MODE);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends all of `bytes`, or throws and leaves `sizeBytes` as it was. */
  write(bytes: Uint8Array): void {
    const fd = this.#fd;
    if (fd === undefined) throw new Error(`${this.path} is closed already`);
    let done = 0;
    while (done < bytes.length) {
      done += writeSync(fd, bytes, done, bytes.length - done, this.#sizeBytes + done);
    }
    this.#sizeBytes += bytes.length;
  }

  /**
   * The same, by another thread, for what is so large that this one has better things to do. One call at a time; nothing
   * else may be done with the file until it has ended.
   */
  async writeAside(bytes: Uint8Array): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) throw new Error(`${this.path} is closed already`);
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await writeFd(fd, bytes, done, bytes.length - done, this.#sizeBytes + done);
      done += bytesWritten;
    }
    this.#sizeBytes += bytes.length;
  }

  /** Lets everybody execute the file. Harmless on Windows, which has no such mode. */
  makeExecutable(): void {
    if (this.#fd === undefined) throw new Error(`${this.path} is closed already`);
    fchmodSync(this.#fd, EXECUTABLE_MODE);
  }

  /** Forgets what was written. */
  restart(): void {
    if (this.#fd === undefined) throw new Error(`${this.path} is closed already`);
    ftruncateSync(this.#fd, 0);
    this.#sizeBytes = 0;
  }

  /** Appends what was written here to `other`: the way out when this disk is full. */
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

  /** Moves the finished file to `target`, replacing what is there. Its time of last change is set when given. */
  commit(target: string, modifiedMs?: number): void {
    this.#close();
    if (modifiedMs !== undefined) utimesSync(this.path, Date.now() / 1000, modifiedMs / 1000);
    renameSync(this.path, target);
  }

  /** Removes what was written, if that is possible; harmless after `commit`. Never throws. */
  discard(): void {
    try {
      this.#close();
    } catch {
      // A disk that fails; what was written is not wanted.
    }
    removeFile(this.path);
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }
}
