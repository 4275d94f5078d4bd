/** Whether a person is at the other end. */
import { fstatSync } from "node:fs";

/** Whether stdin is a terminal: a person started the program by hand. */
export async function isStdinTerminal(): Promise<boolean> {
  return await isTerminal(0);
}

/** Whether stderr is a terminal: a person sees what is written there at once. */
export async function isStderrTerminal(): Promise<boolean> {
  return await isTerminal(2);
}

async function isTerminal(fd: number): Promise<boolean> {
  if (!isCharacterDevice(fd)) return false;
  // Loaded only now: go's end is a pipe, and go must not wait for this.
  const { isatty } = await import("node:tty");
  return isatty(fd);
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    // Not open at all.
    return false;
  }
}
