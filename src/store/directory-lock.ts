import { type FileHandle, open, readFile, rm, stat } from "node:fs/promises";
import { systemClock } from "../lib/clock.ts";
import { isErrno } from "../lib/errno.ts";
import { isProcessAlive, pidSpace } from "../lib/process-life.ts";

/** Whoever holds a lock for this long, on another machine, died with it: it is held for a few file operations. */
const ABANDONED_MS = 30_000;

const POLL_MS = 20;

/**
 * Makes the file `path`, waiting while it exists, and removes it when disposed. It names its holder, `<pid> <space>`, so
 * that one of this machine that was killed holds up nobody. Works between machines on one mount, as far as the mount
 * creates files exclusively.
 */
export async function lockFile(path: string, signal: AbortSignal | undefined): Promise<AsyncDisposable> {
  while (!(await tryCreate(path))) {
    if (await isAbandoned(path)) await rm(path, { force: true });
    else await systemClock.sleep(POLL_MS, signal);
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    await using file = await open(path, "wx");
    await nameHolder(file, path);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

async function nameHolder(file: FileHandle, path: string): Promise<void> {
  try {
    await file.writeFile(`${process.pid} ${pidSpace()}`);
  } catch (error) {
    // On a full disk: without a name in it, it would hold up everybody until it counts as abandoned.
    await rm(path, { force: true });
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const [{ mtimeMs }, holder] = await Promise.all([stat(path), readFile(path, "utf8")]);
    const pid = Number.parseInt(holder, 10);
    return Date.now() - mtimeMs > ABANDONED_MS || (holder === `${pid} ${pidSpace()}` && !isProcessAlive(pid));
  } catch {
    return false;
  }
}
