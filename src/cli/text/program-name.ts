/** How this program is named where go or a shell starts it. */
import { realpathSync } from "node:fs";
import { basename } from "node:path";

/** Its name where the PATH leads to this very file, else its path. */
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
