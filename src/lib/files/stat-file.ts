import { lstatSync, type Stats, statSync } from "node:fs";

/** The stat of a regular file; `undefined` when there is none, or it can't be read. */
export function statFile(path: string): Stats | undefined {
  return statWith(statSync, path);
}

/** The same where a link is no file: it may lead anywhere. */
export function statPlainFile(path: string): Stats | undefined {
  return statWith(lstatSync, path);
}

function statWith(look: typeof statSync | typeof lstatSync, path: string): Stats | undefined {
  try {
    const stat = look(path, { throwIfNoEntry: false });
    return stat?.isFile() ? stat : undefined;
  } catch {
    // A regular file or a loop of links on the way, or a directory that is closed to us.
    return undefined;
  }
}
