/** Processes that outlive this one. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Subprocess } from "bun";
import { makePrivateDir } from "../files/private-dir.ts";
import { removeFile } from "../files/remove-file.ts";

/**
 * Starts a process in a session of its own. It holds none of this one's streams, since a CI's step lasts until all are
 * closed. `log`: the file for its output, made anew; otherwise nobody hears it. Throws when it can't be started.
 */
export function startInBackground(
  command: readonly string[],
  env: Record<string, string | undefined>,
  log?: string,
): Subprocess {
  const output = log === undefined ? "ignore" : openLog(log);
  try {
    const child = Bun.spawn([...command], { env, stdio: ["ignore", output, output], detached: true });
    child.unref();
    return child;
  } finally {
    if (output !== "ignore") closeSync(output);
  }
}

function openLog(path: string): number {
  makePrivateDir(dirname(path));
  // Replaces a link, and a file that other users could read.
  removeFile(path);
  writeFileSync(path, "", { flag: "wx", mode: 0o600 });
  return openSync(path, "a", 0o600);
}
