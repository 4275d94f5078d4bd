/** Which streams are terminals. */
import { fstatSync } from "node:fs";

const DEFAULT_COLUMNS = 80;

/** Whether stdin is a terminal: a person started the program by hand. */
export function isStdinTerminal(): boolean {
  return isTerminal(0);
}

/** Whether stdout is a terminal: a person reads it, not a program. */
export function isStdoutTerminal(): boolean {
  return isTerminal(1);
}

/** The width of the terminal on stderr; `undefined`: not a terminal. */
export function stderrColumns(): number | undefined {
  return isTerminal(2) ? process.stderr.columns || DEFAULT_COLUMNS : undefined;
}

function isTerminal(fd: number): boolean {
  // Lazy: go's end is a pipe, and go must not wait for this module.
  return isCharacterDevice(fd) && process.getBuiltinModule("node:tty").isatty(fd);
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    // The descriptor is closed.
    return false;
  }
}
