/** Files to which any number of processes append lines at once. */
import { appendFileSync, closeSync, constants, fstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { Guard } from "../shape.ts";
import { isErrno } from "./errno.ts";
import { NO_LINK } from "./no-link.ts";
import { makePrivateDir } from "./private-dir.ts";
import { removeLink } from "./remove-link.ts";
import { replaceFile } from "./replace-file.ts";
import { readSmallFile } from "./small-file.ts";

/** A larger file counts as missing. */
export const MAX_LINES_BYTES = 32 << 20;

const APPEND_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_LINK;

/** Appends lines; a file above `maxBytes` loses the older half of its lines. Throws when the disk fails. */
export function appendLines(
  path: string,
  lines: readonly string[],
  maxBytes = Number.POSITIVE_INFINITY,
): void {
  // The first line break ends a line that a full disk has cut off.
  const text = `\n${lines.join("\n")}\n`;
  if (append(path, text) > maxBytes) replaceFile(path, newerHalf(path) ?? text);
}

/** The lines that are JSON of that shape; none when the file can't be read. */
export function readJsonLines<T>(path: string, guard: Guard<T>): T[] {
  try {
    return readSmallFile(path, MAX_LINES_BYTES)
      .toString()
      .split("\n")
      .flatMap((line) => parseLine(line, guard));
  } catch {
    return [];
  }
}

/** Returns the size of the file afterwards. */
function append(path: string, text: string): number {
  makePrivateDir(dirname(path));
  const fd = openForAppend(path);
  try {
    if (!fstatSync(fd).isFile()) throw new Error(`${path} is not a regular file`);
    appendFileSync(fd, text);
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

function openForAppend(path: string): number {
  try {
    return openSync(path, APPEND_FLAGS, 0o600);
  } catch (error) {
    if (!isErrno(error, "ELOOP")) throw error;
    removeLink(path);
    return openSync(path, APPEND_FLAGS, 0o600);
  }
}

/** `undefined`: the file is too large to be one of ours. */
function newerHalf(path: string): Buffer | undefined {
  try {
    const all = readSmallFile(path, MAX_LINES_BYTES).toString("latin1").split("\n");
    return Buffer.from(all.slice(Math.ceil(all.length / 2)).join("\n"), "latin1");
  } catch {
    return undefined;
  }
}

function parseLine<T>(line: string, guard: Guard<T>): T[] {
  try {
    const value: unknown = JSON.parse(line);
    return guard(value) ? [value] : [];
  } catch {
    return [];
  }
}
