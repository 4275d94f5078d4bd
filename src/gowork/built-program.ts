import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { READ_NO_LINK } from "../lib/files/no-link.ts";
import { type BuildId, findBuildIds, HEAD_BYTES } from "./build-id.ts";
import { ContentHash } from "./content-hash.ts";
import { hostIdRanges } from "./host-id-ranges.ts";

/** Larger programs are linked again. */
const MAX_BYTES = 512 << 20;
const CHUNK_BYTES = 1 << 20;
const OTHERS_MAY_WRITE = 0o022;

/** An open file in go's work folder. It stays readable when go removes the folder. */
export class BuiltProgram {
  readonly #fd: number;
  readonly sizeBytes: number;
  /** When it was linked. */
  readonly modifiedMs: number;

  private constructor(fd: number, { size, mtimeMs }: Stats) {
    this.#fd = fd;
    this.sizeBytes = size;
    this.modifiedMs = mtimeMs;
  }

  /** `undefined`: there is no file, or it is another user's, or too large. */
  static open(path: string): BuiltProgram | undefined {
    let fd: number;
    try {
      fd = openSync(path, READ_NO_LINK);
    } catch {
      return undefined;
    }
    const stat = fstatSync(fd);
    const isOurs = stat.isFile() && stat.uid === process.geteuid?.() && (stat.mode & OTHERS_MAY_WRITE) === 0;
    if (isOurs && stat.size <= MAX_BYTES) return new BuiltProgram(fd, stat);
    closeSync(fd);
    return undefined;
  }

  /** What may be its build id. */
  get buildIds(): BuildId[] {
    return findBuildIds(this.#read(0, Math.min(HEAD_BYTES, this.sizeBytes)));
  }

  /**
   * Passes all bytes to `write`. Returns whether they are what cmd/go has given this build id: a program that is linked
   * only in part, or was changed since, is not. Gives up, with `false`, at `deadline` (of `performance.now()`). Throws if
   * the file can't be read.
   */
  copy({ text, contentId }: BuildId, write: (bytes: Uint8Array) => void, deadline: number): boolean {
    const hash = new ContentHash(
      text,
      hostIdRanges((offset, length) => this.#read(offset, length)),
    );
    for (let offset = 0; offset < this.sizeBytes; offset += CHUNK_BYTES) {
      if (performance.now() > deadline) return false;
      const chunk = this.#read(offset, Math.min(CHUNK_BYTES, this.sizeBytes - offset));
      hash.update(chunk);
      write(chunk);
    }
    return hash.digest() === contentId;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #read(offset: number, length: number): Buffer {
    if (offset + length > this.sizeBytes) throw new Error("the program ends before");
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const count = readSync(this.#fd, bytes, done, length - done, offset + done);
      if (count === 0) throw new Error("the program has become shorter");
      done += count;
    }
    return bytes;
  }
}
