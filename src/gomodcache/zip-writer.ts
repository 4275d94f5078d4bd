import { closeSync, openSync } from "node:fs";
import { MAX_MODULE_BYTES } from "../gomod/file-names.ts";
import { writeAll } from "../lib/files/write-all.ts";
import { ModuleTreeError } from "./tree-header.ts";

/** As go leaves it, less umask. */
const ZIP_MODE = 0o666;

/** Writes a module's zip to a file that has no name yet. */
export class ZipWriter {
  #fd: number | undefined;
  #sizeBytes = 0;

  /** `path`: a new file. Throws if the disk fails. */
  constructor(path: string) {
    this.#fd = openSync(path, "wx", ZIP_MODE);
  }

  /** Throws if the disk fails, and for more bytes than a zip may have. */
  write(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > MAX_MODULE_BYTES) throw new ModuleTreeError("a zip that is too large");
    if (this.#fd !== undefined) writeAll(this.#fd, bytes);
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }
}
