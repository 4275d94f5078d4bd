import { renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makePrivateDir } from "./private-dir.ts";
import { removeFile } from "./remove-file.ts";
import { unfinishedPath } from "./unfinished-path.ts";

/**
 * Writes a small file whole, for its owner's eyes only, with its directory, so that a reader sees the old or the new one.
 * A link in its place is replaced, not followed. If several processes write at once, the last one wins. Throws when the
 * disk fails, and leaves nothing half-written then.
 */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temp = unfinishedPath(path);
  try {
    makePrivateDir(dirname(path));
    writeFileSync(temp, content, { flag: "wx", mode: 0o600 });
    renameSync(temp, path);
  } catch (error) {
    removeFile(temp);
    throw error;
  }
}
