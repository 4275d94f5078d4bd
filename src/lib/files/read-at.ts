import { closeSync, constants, openSync, readSync } from "node:fs";

/** Not through a link, which may lead anywhere. Windows has no such flag. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** A part of a file. Throws if there is no such file, or if it ends before. */
export function readAt(path: string, offset: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(length);
  const fd = openSync(path, OPEN_FLAGS);
  try {
    for (let done = 0; done < length; ) {
      const count = readSync(fd, bytes, done, length - done, offset + done);
      if (count === 0) throw new Error(`${path} is shorter than ${offset + length} bytes`);
      done += count;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}
