/** Whether a person started the program by hand. */
import { fstatSync } from "node:fs";

/** Whether stdin is a terminal. */
export async function isStdinTerminal(): Promise<boolean> {
  if (!isCharacterDevice(0)) return false;
  // Loaded only now: go's end is a pipe, and go must not wait for this.
  const { isatty } = await import("node:tty");
  return isatty(0);
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    // Not open at all.
    return false;
  }
}
