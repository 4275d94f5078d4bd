import { open } from "node:fs/promises";
import type { StoredBody } from "./stored-response.ts";

/** Large enough that the calls don't count, small enough for hundreds at once. */
const CHUNK_BYTES = 256 << 10;

/** A body that is a file from `offset` on. The file is opened when it is read, and may be removed from then on. */
export function filePartBody(path: string, offset: number, sizeBytes: number): StoredBody {
  return {
    sizeBytes,
    async *read({ start, end } = { start: 0, end: sizeBytes }) {
      const file = await open(path, "r");
      try {
        for (let at = start; at < end; ) {
          const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
          const { bytesRead } = await file.read(chunk, 0, chunk.length, offset + at);
          if (bytesRead === 0) throw new Error(`${path} ends early`);
          yield bytesRead === chunk.length ? chunk : chunk.subarray(0, bytesRead);
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
    },
  };
}
