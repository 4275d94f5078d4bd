/**
 * A snapshot of a running server's heap, for Chromium's developer tools (`.heapsnapshot`). All that the server keeps
 * secret is in it, so no page serves it: a signal requests it, which the kernel accepts from the server's
 * own user and from root only, and the server writes a file that only its user can read,
 * `state/serve-<hash>.heapsnapshot` beside its note.
 */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { isErrno } from "../../lib/files/errno.ts";
import { removeFile } from "../../lib/files/remove-file.ts";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";

/** Windows has no such signal. */
const SIGNAL = "SIGUSR2";
const POLL_MS = 20;
/** The server does nothing else meanwhile; a heap of a gigabyte takes some ten seconds. */
const LIMIT_MS = 120_000;

function snapshotFile(notePath: string): string {
  return notePath.replace(/json$/, "heapsnapshot");
}

/** Writes a snapshot at each signal. The client removes the file, or `removeSnapshot` does. */
export function writeSnapshots(notePath: string, log: Logger): void {
  if (process.platform === "win32") return;
  process.on(SIGNAL, () => {
    try {
      replaceFile(snapshotFile(notePath), new Uint8Array(Bun.generateHeapSnapshot("v8", "arraybuffer")));
    } catch (error) {
      log.warn("heap", `no heap snapshot was written: ${describeError(error)}`);
    }
  });
}

export function removeSnapshot(notePath: string): void {
  removeFile(snapshotFile(notePath));
}

/**
 * Has the server with that note make a snapshot, and moves it to `file`, which is for its owner alone. Rejects when
 * `file` exists, also as a link, when the signal is refused, and when the server does not write in time.
 */
export async function takeSnapshot(options: {
  pid: number;
  notePath: string;
  file: string;
  isRunning: () => boolean;
}): Promise<void> {
  const { pid, notePath, file, isRunning } = options;
  const fd = openSync(file, "wx", 0o600);
  try {
    removeSnapshot(notePath);
    process.kill(pid, SIGNAL);
    writeFileSync(fd, await snapshotOf(notePath, isRunning));
  } catch (error) {
    removeFile(file);
    throw error;
  } finally {
    closeSync(fd);
    removeSnapshot(notePath);
  }
}

async function snapshotOf(notePath: string, isRunning: () => boolean): Promise<Uint8Array> {
  const limitMs = performance.now() + LIMIT_MS;
  while (performance.now() < limitMs && isRunning()) {
    try {
      return readSmallFile(snapshotFile(notePath), Number.POSITIVE_INFINITY);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
    await Bun.sleep(POLL_MS);
  }
  throw new Error(
    `the server has written no snapshot within ${LIMIT_MS / 1000}s, or has ended; its log says why`,
  );
}
