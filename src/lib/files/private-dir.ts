/**
 * Files and directories that only their user may open, whatever the umask: those that this program makes on this machine
 * for itself. A directory store is different: several users may share one.
 */
import { mkdirSync } from "node:fs";

/** Makes a directory, and those above it that are missing, with 0700. Harmless when it is there; throws as `mkdir` does. */
export function makePrivateDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}
