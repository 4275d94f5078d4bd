/** The name of this program for go and shells. */
import { realpathSync } from "node:fs";
import { basename } from "node:path";

/** Its name if PATH leads to this file, else its path. */
export function programName(): string {
  const path = process.execPath;
  const name = basename(path);
  const found = Bun.which(name);
  return found !== null && realPath(found) === realPath(path) ? name : path;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
