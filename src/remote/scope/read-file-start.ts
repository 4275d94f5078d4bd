import { closeSync, constants, openSync } from "node:fs";
import { readUpTo } from "../../lib/files/small-file.ts";
import { statFile } from "../../lib/files/stat-file.ts";

/**
 * The text of a regular file, cut off after `maxBytes`; `undefined` if it doesn't exist or can't be read. Never blocks,
 * as opening a named pipe would.
 */
export function readFileStart(path: string, maxBytes: number): string | undefined {
  const sizeBytes = statFile(path)?.size;
  if (sizeBytes === undefined) return undefined;
  try {
    // A pipe may have replaced the file since the check. Windows has neither pipes nor the flag.
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
