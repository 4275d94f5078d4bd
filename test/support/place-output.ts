import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256Hex } from "./ids.ts";

/** Puts an output into a cache directory, as `connect` does before it sends the entry to the server; returns its id. */
export function placeOutput(cacheDir: string, body: Buffer | string): string {
  const id = sha256Hex(body);
  const path = join(cacheDir, "output", id.slice(0, 2), id);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
  return id;
}
