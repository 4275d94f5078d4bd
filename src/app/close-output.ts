import { closeSync, openSync } from "node:fs";

/**
 * Lets go of stdout and stderr: go waits until nobody holds its pipe any more, and so does whoever captures go's
 * stderr. The two numbers are given to the null device, so that no cache file gets them and what is written to them
 * later goes nowhere.
 */
export function closeOutput(): void {
  for (const fd of [1, 2]) {
    try {
      closeSync(fd);
      openSync(process.platform === "win32" ? "\\\\.\\NUL" : "/dev/null", "w");
    } catch {
      // Already closed by whoever started us.
    }
  }
}
