import { readdirSync } from "node:fs";

/** The names in a directory; none when it can't be read. */
export function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
