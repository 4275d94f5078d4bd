/** The page's style and script. Run when the executable is built (a macro of Bun), so that it holds their text. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export function styleText(): string {
  return readFileSync(join(import.meta.dir, "status.css"), "utf8");
}

export function scriptText(): string {
  const source = readFileSync(join(import.meta.dir, "browser", "live.ts"), "utf8");
  return new Bun.Transpiler({ loader: "ts", target: "browser" }).transformSync(source);
}
