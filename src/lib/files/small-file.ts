import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { READ_NO_LINK } from "./no-link.ts";

/** This program's own notes are far smaller. */
const MAX_STATE_BYTES = 1 << 20;

/** The whole of a small regular file. Throws when there is none, and when it has more than `maxBytes`. */
export function readSmallFile(path: string, maxBytes = MAX_STATE_BYTES): Buffer<ArrayBuffer> {
  return withSmallFile(path, maxBytes, (fd, { size }) => readUpTo(fd, size));
}

/** Calls `use` while the file is open. Throws as `readSmallFile` does. */
export function withSmallFile<T>(path: string, maxBytes: number, use: (fd: number, stat: Stats) => T): T {
  const fd = openSync(path, READ_NO_LINK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error(`${path} is not a regular file`);
    if (stat.size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`);
    return use(fd, stat);
  } finally {
    closeSync(fd);
  }
}

/** The first `length` bytes of an open file; fewer when it is shorter, or was cut off since. */
export function readUpTo(fd: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done) as Buffer<ArrayBuffer>;
}
