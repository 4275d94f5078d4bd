import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "./ids.ts";

/** Every regular file below `dir`, as paths relative to it, sorted; none if there is no such directory. */
export function filesBelow(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(dir, name), { throwIfNoEntry: false })?.isFile() === true)
    .sort();
}

/** A cache directory's outputs with another SHA-256 than their name. */
export function wrongOutputs(cacheDir: string): string[] {
  const outputDir = join(cacheDir, "output");
  return filesBelow(outputDir).filter((name) => {
    const id = name.slice(name.lastIndexOf("/") + 1);
    return sha256Hex(readFileSync(join(outputDir, name))) !== id;
  });
}
