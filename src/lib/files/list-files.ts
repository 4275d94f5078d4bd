import { lstatSync, readdirSync } from "node:fs";

/** The names in a directory; none when it can't be read, or is a link, which may lead anywhere. */
export function listFiles(directory: string): string[] {
  try {
    return lstatSync(directory).isDirectory() ? readdirSync(directory) : [];
  } catch {
    return [];
  }
}
