/** Text for people. Written when the functions return, so that the process may exit after them. */
import { Logger } from "../lib/logger.ts";
import { FdWriter } from "../lib/process/fd-writer.ts";
import type { Settings } from "./options/options.ts";

const stdout = new FdWriter(1);
const stderr = new FdWriter(2);

/** What is on the terminal only for now, and must go before anything else is written. */
let takeAway: () => void = () => {};

/** Writes what was asked for. A reader that went away (`help | head -1`) is no failure. */
export function writeStdout(text: string): void {
  takeAway();
  stdout.write(text);
}

/** Writes a message; lost when nobody can read it. */
export function writeStderr(text: string): void {
  takeAway();
  stderr.write(text);
}

/** Writes on stderr what `clear` takes away again, for good or before other output. */
export function writePassing(text: string, clear: () => void): void {
  takeAway = clear;
  stderr.write(text);
}

/** The log of a command on stderr, as the settings want it. */
export function makeLogger({ verbose, debug, logFormat }: Settings): Logger {
  return new Logger({ verbose, debugMask: debug, format: logFormat, write: writeStderr });
}
