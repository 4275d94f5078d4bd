/** Whether a person is at the other end. */
import { fstatSync } from "node:fs";

const DEFAULT_COLUMNS = 80;

/** Whether stdin is a terminal: a person started the program by hand. */
export function isStdinTerminal(): boolean {
  return isTerminal(0);
}

/** Whether stdout is one: what is written there is looked at, not read by a program. */
export function isStdoutTerminal(): boolean {
  return isTerminal(1);
}

/** How wide a line on stderr may be; `undefined`: it is no terminal. */
export function stderrColumns(): number | undefined {
  return isTerminal(2) ? process.stderr.columns || DEFAULT_COLUMNS : undefined;
}

function isTerminal(fd: number): boolean {
  // Loaded only now: go's end is a pipe, and go must not wait for this.
  return isCharacterDevice(fd) && process.getBuiltinModule("node:tty").isatty(fd);
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    // Not open at all.
    return false;
  }
}
