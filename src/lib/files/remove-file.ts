import { rmSync } from "node:fs";

/** Removes a file; returns whether nothing is there any more. Never throws. */
export function removeFile(path: string): boolean {
  try {
    rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  }
}
