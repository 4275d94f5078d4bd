/**
 * A lock between processes, and between machines on one mount as far as it creates files exclusively: the file `path`,
 *
 *     <id> <pid> <pid space>
 *
 * and a line break. Its holder rewrites it every few seconds. Nothing but exclusive creation decides who has a lock, so
 * that there is no moment for two:
 *
 * - The process that creates `path` holds the lock.
 * - The process that creates `<path>.<id>.0`, be it the holder, may remove the lock `<id>`. Ids are unique, and no
 *   other process may remove that lock meanwhile, so what is removed is what was judged.
 * - When that process dies between the two steps, the one that creates `<path>.<id>.1` may remove it, and so on.
 *
 * A holder is dead when its process has ended. A holder on another machine, and one with a number that
 * another process got, counts as dead when it has not rewritten its lock for `SILENT_MS`. It may only be suspended:
 * a holder that wakes up removes nothing that is not its own, and learns from `isHeld` that it must not write any more.
 */
import { type FileHandle, open, rm } from "node:fs/promises";
import { systemClock } from "../async/clock.ts";
import { isProcessAlive, pidSpace } from "../process/process-life.ts";
import { isErrno } from "./errno.ts";

const SILENT_MS = 30_000;
const HEARTBEAT_MS = 5_000;
const POLL_MS = 20;
/** Readable as the umask says, since several users may share a directory; only its holder writes it. */
const LOCK_MODE = 0o644;
/** A machine that was asleep gives holders that woke up with it about a second before it judges their silence. */
const POLLS_BEFORE_JUDGING = 50;

const CONTENT = /^([0-9a-f-]{36}) (\d+) ([^\n]*)\n$/;

export interface FileLock extends AsyncDisposable {
  /** Whether the lock is still ours. Check right before each write that the lock is for. */
  isHeld(): Promise<boolean>;
}

/** Waits until the lock is free; rejects with the reason of `signal`, or when the lock can't be written. */
export async function lockFile(path: string, signal: AbortSignal | undefined): Promise<FileLock> {
  let seen = { id: "", polls: 0 };
  for (;;) {
    signal?.throwIfAborted();
    const lock = await tryLock(path);
    if (lock !== undefined) return lock;
    const holder = await readHolder(path);
    const polls = holder !== undefined && holder.id === seen.id ? seen.polls + 1 : 0;
    seen = { id: holder?.id ?? "", polls };
    const isAbandoned = holder !== undefined && (isDead(holder) || (await isSilent(path, holder, polls)));
    if (isAbandoned && (await removeLock(path, holder.id))) continue;
    await systemClock.sleep(POLL_MS, signal);
  }
}

async function tryLock(path: string): Promise<FileLock | undefined> {
  const file = await createFile(path);
  if (file === undefined) return undefined;
  const id = crypto.randomUUID();
  const content = formatHolder(id);
  try {
    await file.write(content, 0);
  } catch (error) {
    // On a full disk. A lock that names no holder would block everybody until it counts as abandoned.
    const { id: unnamed } = toHolder("", await file.stat());
    await file.close();
    await removeLock(path, unnamed);
    throw error;
  }
  const heartbeat = setInterval(() => void rewrite(file, content), HEARTBEAT_MS).unref();
  return {
    isHeld: async () => (await readHolder(path))?.id === id,
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat);
      await file.close();
      await removeLock(path, id);
    },
  };
}

/** Through the open file: what somebody else has put in its place must not look alive. */
async function rewrite(file: FileHandle, content: string): Promise<void> {
  try {
    await file.write(content, 0);
    await file.datasync();
  } catch {
    // The disk fails, or the lock was just released.
  }
}

/** Removes the lock `id` and no other. `false`: another process is removing it. */
async function removeLock(path: string, id: string): Promise<boolean> {
  const rights: string[] = [];
  for (let isOurs = false; !isOurs; ) {
    const right = `${path}.${id}.${rights.length}`;
    isOurs = await tryClaim(right);
    const other = isOurs ? undefined : await readHolder(right);
    if (!isOurs && other === undefined) return false;
    if (other !== undefined && !isDead(other) && !(await isSilent(right, other))) return false;
    rights.push(right);
  }
  try {
    if ((await readHolder(path))?.id === id) await rm(path, { force: true });
  } finally {
    for (const right of rights) await rm(right, { force: true });
  }
  return true;
}

async function tryClaim(path: string): Promise<boolean> {
  const file = await createFile(path);
  if (file === undefined) return false;
  await rewrite(file, formatHolder(crypto.randomUUID()));
  await file.close();
  return true;
}

/** `undefined` when there is one already. */
async function createFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "wx", LOCK_MODE);
  } catch (error) {
    if (isErrno(error, "EEXIST")) return undefined;
    throw error;
  }
}

interface Holder {
  /** Names this one lock; fit for a file name. */
  id: string;
  /** `undefined`: it has not named itself yet. */
  owner: { pid: number; space: string } | undefined;
  mtimeMs: number;
}

function formatHolder(id: string): string {
  return `${id} ${process.pid} ${pidSpace()}\n`;
}

function toHolder(content: string, { mtimeMs, ino }: { mtimeMs: number; ino: number }): Holder {
  const [, id, pid, space = ""] = CONTENT.exec(content) ?? [];
  if (id === undefined) return { id: `${ino}-${mtimeMs}`, owner: undefined, mtimeMs };
  return { id, owner: { pid: Number(pid), space }, mtimeMs };
}

/** `undefined` when there is no lock, or one that can't be read. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    await using file = await open(path, "r");
    const stat = await file.stat();
    return toHolder(await file.readFile("utf8"), stat);
  } catch {
    return undefined;
  }
}

function isDead({ owner }: Holder): boolean {
  return owner !== undefined && owner.space === pidSpace() && !isProcessAlive(owner.pid);
}

/** Whether the holder has not rewritten its lock for long, by the clock of the file server. */
async function isSilent(path: string, { mtimeMs }: Holder, polls = POLLS_BEFORE_JUDGING): Promise<boolean> {
  if (polls === 0 || polls % POLLS_BEFORE_JUDGING !== 0) return false;
  const probe = `${path}.${crypto.randomUUID()}`;
  try {
    await using file = await open(probe, "wx", LOCK_MODE);
    await file.write("\n", 0);
    await file.datasync();
    return Math.abs((await file.stat()).mtimeMs - mtimeMs) > SILENT_MS;
  } catch {
    return false;
  } finally {
    await rm(probe, { force: true });
  }
}
