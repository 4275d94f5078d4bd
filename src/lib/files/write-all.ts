import { writeSync } from "node:fs";

/** Writes all of these bytes, at `position`, or where the file is. Throws if the disk fails. */
export function writeAll(fd: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length; ) {
    const at = position === undefined ? null : position + done;
    done += writeSync(fd, bytes, done, bytes.length - done, at);
  }
}
