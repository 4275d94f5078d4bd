import { closeSync, constants, openSync } from "node:fs";
import { readUpTo } from "../../lib/files/small-file.ts";
import { statFile } from "../../lib/files/stat-file.ts";

/**
 * The text of a regular file, cut off after `maxBytes`; `undefined` when there is none, or none that can be read.
 * Never waits for a writer, as opening a named pipe would.
 */
export function readFileStart(path: string, maxBytes: number): string | undefined {
  const sizeBytes = statFile(path)?.size;
  if (sizeBytes === undefined) return undefined;
  try {
    // A pipe may have taken the file's place since; Windows has neither.
    const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return readUpTo(fd, Math.min(sizeBytes, maxBytes)).toString();
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
