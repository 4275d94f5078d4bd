import { parseSumLine } from "../../gomod/go-sum.ts";
import { escapeName } from "../../gomod/module-path.ts";

/** A file that go will request, and its hash. */
export interface WantedFile {
  name: string;
  hash: string;
}

/** The files that a go.sum names. Throws for a line that doesn't belong in one. */
export function parseGoSum(text: string): WantedFile[] {
  return text.split("\n").flatMap((text, index) => {
    if (text.trim() === "") return [];
    const line = parseSumLine(text);
    if (line === undefined) throw new Error(`line ${index + 1} is not a line of go.sum`);
    const base = `${escapeName(line.path)}/@v/${escapeName(line.version)}`;
    return [{ name: `${base}.${line.isModFile ? "mod" : "zip"}`, hash: line.hash }];
  });
}
