import { writeSync } from "node:fs";

/** Writes all of these bytes at the file's position. Throws if the disk fails. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
}
