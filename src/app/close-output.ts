import { closeSync, openSync } from "node:fs";

/**
 * Releases stdout and stderr: go waits until its pipe is closed everywhere, and so does a program that captures go's
 * stderr. Both descriptors then lead to the null device, so that no cache file gets their numbers and late writes
 * go nowhere.
 */
export function closeOutput(): void {
  for (const fd of [1, 2]) {
    try {
      closeSync(fd);
      openSync(process.platform === "win32" ? "\\\\.\\NUL" : "/dev/null", "w");
    } catch {
      // The parent process has closed it already.
    }
  }
}
