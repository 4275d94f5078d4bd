import { readFilePart } from "../../lib/files/file-body.ts";
import type { ByteRange } from "../../lib/network/byte-range.ts";

/** A complete body. */
export interface StoredBody {
  sizeBytes: number;
  /** The whole body, or a part of it. Ends early only with an error. */
  read(range?: ByteRange): AsyncIterable<Uint8Array>;
}

/** A body in memory. */
export function bytesBody(bytes: Uint8Array): StoredBody {
  return {
    sizeBytes: bytes.length,
    async *read(range) {
      const part = range === undefined ? bytes : bytes.subarray(range.start, range.end);
      if (part.length > 0) yield part;
    },
  };
}

/** A body in a file, from `offset` on. The file is opened when it is read, and may be removed from then on. */
export function fileBody(path: string, offset: number, sizeBytes: number): StoredBody {
  return {
    sizeBytes,
    read: ({ start, end } = { start: 0, end: sizeBytes }) =>
      readFilePart({ path, offset: offset + start, length: end - start }),
  };
}
