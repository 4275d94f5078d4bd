import { linkSync, renameSync } from "node:fs";
import { isErrno } from "./errno.ts";
import { removeFile } from "./remove-file.ts";
import { unfinishedPath } from "./unfinished-path.ts";

/**
 * Removes a file if `isUnwanted` says so of the file at the path that it is given. Another process may put a new file in
 * its place at any moment: the first one is moved aside and looked at again, and put back if it is another one. Never
 * throws. `gone`: another process has removed it.
 */
export function removeFileIf(
  path: string,
  isUnwanted: (path: string) => boolean,
): "removed" | "gone" | "kept" {
  if (!isUnwanted(path)) return "kept";
  const aside = unfinishedPath(path);
  try {
    renameSync(path, aside);
    if (isUnwanted(aside)) {
      removeFile(aside);
      return "removed";
    }
    putBack(aside, path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "gone";
    // In a directory that can't be written.
  }
  return "kept";
}

/** A link, unlike a rename, keeps a file that was put there in this moment. */
export function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    // A file system without hard links.
    if (!isErrno(error, "EEXIST")) renameSync(aside, path);
  }
  removeFile(aside);
}
