/**
 * Files and directories that only their user may open, whatever the umask: those that this program makes on this machine
 * for itself. A directory store is different: several users may share one.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Makes a directory, and those above it that are missing, with 0700. Harmless when it is there; throws as `mkdir` does. */
export function makePrivateDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

/** Appends to a file, which is made with 0600 and its directory with 0700. Throws when the disk fails. */
export function appendPrivately(path: string, text: string): void {
  makePrivateDir(dirname(path));
  appendFileSync(path, text, { mode: 0o600 });
}
