import { linkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isErrno } from "./errno.ts";
import { makePrivateDir } from "./private-dir.ts";
import { removeFile } from "./remove-file.ts";
import { unfinishedPath } from "./unfinished-path.ts";

/**
 * Creates a small file whole, for its owner's eyes only, with its directory: of several processes at once one succeeds,
 * and none ever sees an empty file. Throws `EEXIST` when there is one, and when the disk fails.
 */
export function createFile(path: string, content: string): void {
  const temp = unfinishedPath(path);
  makePrivateDir(dirname(path));
  try {
    writeFileSync(temp, content, { flag: "wx", mode: 0o600 });
    linkSync(temp, path);
  } catch (error) {
    if (isErrno(error, "EEXIST")) throw error;
    // A file system without hard links.
    writeFileSync(path, content, { flag: "wx", mode: 0o600 });
  } finally {
    removeFile(temp);
  }
}
