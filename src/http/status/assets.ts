/** The page's style and script. A Bun macro: it runs when the executable is built, which then contains the texts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export function styleText(): string {
  return readFileSync(join(import.meta.dir, "status.css"), "utf8");
}

export function scriptText(): string {
  const source = readFileSync(join(import.meta.dir, "browser", "live.ts"), "utf8");
  return new Bun.Transpiler({ loader: "ts", target: "browser" }).transformSync(source);
}
