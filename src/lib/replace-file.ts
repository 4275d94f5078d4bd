import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { removeFile } from "./remove-file.ts";

/**
 * Writes a small file whole, with its directory, so that a reader sees the old or the new one. Of several processes at
 * once the last one wins. Throws when the disk fails, and leaves nothing half-written then.
 */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temp = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temp, content);
    renameSync(temp, path);
  } catch (error) {
    removeFile(temp);
    throw error;
  }
}
