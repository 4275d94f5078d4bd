/** Which release of Go a recipe's image has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where no go.mod says which. */
const DEFAULT_MINOR = 27;
/** The first that knows GOCACHEPROG. */
const FIRST_MINOR = 24;

/** As images are tagged, such as `1.27`: what go.mod in `directory` asks for, by its toolchain line or its go line. */
export function goImageVersion(directory: string): string {
  const text = readText(join(directory, "go.mod"));
  const wanted = [...text.matchAll(/^(?:go[ \t]+|toolchain[ \t]+go)1\.(\d+)/gm)].map(([, minor]) =>
    Number(minor),
  );
  return `1.${wanted.length === 0 ? DEFAULT_MINOR : Math.max(FIRST_MINOR, ...wanted)}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
