/** Files to which any number of processes append lines at once. */
import { readFileSync } from "node:fs";
import type { Guard } from "../shape.ts";
import { appendPrivately } from "./private-dir.ts";
import { replaceFile } from "./replace-file.ts";
import { statFile } from "./stat-file.ts";

/** Appends lines; a file above `maxBytes` loses the older half of its lines. Throws when the disk fails. */
export function appendLines(
  path: string,
  lines: readonly string[],
  maxBytes = Number.POSITIVE_INFINITY,
): void {
  // The first line break ends a line that a full disk has cut off.
  appendPrivately(path, `\n${lines.join("\n")}\n`);
  if ((statFile(path)?.size ?? 0) <= maxBytes) return;
  const all = readFileSync(path, "latin1").split("\n");
  replaceFile(path, Buffer.from(all.slice(Math.ceil(all.length / 2)).join("\n"), "latin1"));
}

/** The lines that are JSON of that shape; none when the file can't be read. */
export function readJsonLines<T>(path: string, guard: Guard<T>): T[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line) => parseLine(line, guard));
  } catch {
    return [];
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
