import type { StoredBody } from "./stored-response.ts";

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
