import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "./ids.ts";

const SHARED_MEMORY = "/dev/shm";
/** Twice what `npm test` has there at once. */
const NEEDED_BYTES = 5 * 2 ** 30;
/** No test keeps a directory for so long. */
const LEFT_MS = 2 * 3_600_000;
/** This checkout's directory. Short, for the paths of sockets have at most 107 characters. */
const OWN = `${SHARED_MEMORY}/gcp-${sha256Hex(process.cwd()).slice(0, 6)}`;

/** Gives tests a temporary directory in memory, if there is room and `TMPDIR` is not set: many disks create files slowly. */
export function useMemoryForTempFiles(): void {
  if (process.env.TMPDIR !== undefined || !hasRoom()) return;
  mkdirSync(OWN, { recursive: true });
  process.env.TMPDIR = OWN;
}

/** Removes what runs that were killed have left there. Another run may be at work in this checkout. */
export function freeMemory(): void {
  if (!existsSync(OWN)) return;
  for (const name of readdirSync(OWN)) {
    const path = join(OWN, name);
    const { mtimeMs = Date.now() } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > LEFT_MS) rmSync(path, { recursive: true, force: true });
  }
}

function hasRoom(): boolean {
  if (process.platform !== "linux" || freemem() < 2 * NEEDED_BYTES) return false;
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    return bavail * bsize > NEEDED_BYTES && canRunPrograms();
  } catch {
    return false;
  }
}

function canRunPrograms(): boolean {
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  return mounts.some((line) => {
    const [, path, , options = ""] = line.split(" ");
    return path === SHARED_MEMORY && !options.split(",").includes("noexec");
  });
}
