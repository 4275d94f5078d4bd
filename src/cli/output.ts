/** Output for people, written synchronously, so that the process may exit right after it. */
import { Logger } from "../lib/logger.ts";
import { FdWriter } from "../lib/process/fd-writer.ts";
import type { Settings } from "./options/options.ts";

const stdout = new FdWriter(1);
const stderr = new FdWriter(2);

/** Clears the progress line before other output. */
let clearPassing: () => void = () => {};

/** Writes results. A reader that closed the pipe (`help | head -1`) is no error. */
export function writeStdout(text: string): void {
  clearPassing();
  stdout.write(text);
}

/** Writes a message; drops it if stderr is closed. */
export function writeStderr(text: string): void {
  clearPassing();
  stderr.write(text);
}

/** Writes temporary text to stderr; `clear` removes it before other output. */
export function writePassing(text: string, clear: () => void): void {
  clearPassing = clear;
  stderr.write(text);
}

/** The log of a command on stderr, as the settings want it. */
export function makeLogger({ verbose, debug, logFormat }: Settings): Logger {
  return new Logger({ verbose, debugMask: debug, format: logFormat, write: writeStderr });
}
