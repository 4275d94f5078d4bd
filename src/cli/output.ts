/** Text for people. Written when the functions return, so that the process may exit after them. */
import { FdWriter } from "../lib/fd-writer.ts";

const stdout = new FdWriter(1);
const stderr = new FdWriter(2);

/** Writes what was asked for. A reader that went away (`help | head -1`) is no failure. */
export function writeStdout(text: string): void {
  stdout.write(text);
}

/** Writes a message; lost when nobody can read it. */
export function writeStderr(text: string): void {
  stderr.write(text);
}
