import { open, rm, stat } from "node:fs/promises";
import { systemClock } from "../lib/clock.ts";
import { isErrno } from "../lib/errno.ts";

/** Whoever holds a lock for this long died with it: it is held for a few file operations. */
const ABANDONED_MS = 30_000;

const POLL_MS = 20;

/**
 * Makes the file `path`, waiting while it exists, and removes it when disposed. Works between machines on one
 * mount, as far as the mount creates files exclusively.
 */
export async function lockFile(path: string, signal: AbortSignal | undefined): Promise<AsyncDisposable> {
  while (!(await tryCreate(path))) {
    await removeAbandoned(path);
    await systemClock.sleep(POLL_MS, signal);
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.close();
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

async function removeAbandoned(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
}
