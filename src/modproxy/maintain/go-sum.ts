/** A go.sum file: `<module> <version> h1:…` for a zip, `<module> <version>/go.mod h1:…` for a go.mod. */
import { escapeName } from "../names/module-path.ts";

/** A file that go will request, and its hash. */
export interface WantedFile {
  name: string;
  hash: string;
}

/** Throws for a line that doesn't belong in a go.sum. */
export function parseGoSum(text: string): WantedFile[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const [module = "", version = "", hash = "", ...rest] = line.trim().split(/\s+/);
    if (hash === "" || rest.length > 0) throw new Error(`line ${index + 1} is not a line of go.sum`);
    const isModFile = version.endsWith("/go.mod");
    const base = `${escapeName(module)}/@v/${escapeName(version.replace(/\/go\.mod$/, ""))}`;
    return [{ name: `${base}.${isModFile ? "mod" : "zip"}`, hash }];
  });
}
