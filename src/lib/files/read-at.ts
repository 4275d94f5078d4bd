import { closeSync, openSync, readSync } from "node:fs";
import { READ_NO_LINK } from "./no-link.ts";

/** A part of a file. Throws if there is no such file, or if it ends before. */
export function readAt(path: string, offset: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(length);
  const fd = openSync(path, READ_NO_LINK);
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
