/** The release of Go in a recipe's image. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Without a go.mod. */
const DEFAULT_MINOR = 27;
/** The first release with GOCACHEPROG. */
const FIRST_MINOR = 24;

/** The tag of an image, such as `1.27`, by the toolchain or go line of go.mod in `directory`. */
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
