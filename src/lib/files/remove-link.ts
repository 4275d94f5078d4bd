import { lstatSync, unlinkSync } from "node:fs";
import { isErrno } from "./errno.ts";

/** Removes a symbolic link, which may lead anywhere; returns whether there is one that stays. Never throws. */
export function removeLink(path: string): boolean {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) unlinkSync(path);
    return false;
  } catch (error) {
    return isErrno(error, "EROFS") || isErrno(error, "EACCES") || isErrno(error, "EPERM");
  }
}
