/** Inputs that once broke a promise: `fixtures/<target>/<start of their SHA-256>`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../support/ids.ts";

const DIR = join(import.meta.dir, "fixtures");

export function fixturePath(target: string, input: Uint8Array): string {
  return join(DIR, folderOf(target), sha256Hex(input).slice(0, 12));
}

/** Each with its name. */
export function fixturesOf(target: string): { name: string; input: Buffer<ArrayBuffer> }[] {
  const folder = join(DIR, folderOf(target));
  const names = readdirSync(DIR).includes(folderOf(target)) ? readdirSync(folder).sort() : [];
  return names.map((name) => ({
    name,
    input: Buffer.from(Uint8Array.from(readFileSync(join(folder, name))).buffer),
  }));
}

function folderOf(target: string): string {
  return target.replaceAll(/\W+/g, "-").replace(/^-/, "");
}
