/** A go.sum file: `<module> <version> h1:…` for a module's files, `<module> <version>/go.mod h1:…` for its go.mod. */
import type { ModuleVersion } from "./module-version.ts";

export interface SumLine extends ModuleVersion {
  /** Of the go.mod file alone. */
  isModFile: boolean;
  hash: string;
}

const MOD_FILE = "/go.mod";

/** `undefined`: no line of a go.sum. The names are not checked. */
export function parseSumLine(line: string): SumLine | undefined {
  const [path = "", version = "", hash = "", ...rest] = line.trim().split(/\s+/);
  if (hash === "" || rest.length > 0) return undefined;
  const isModFile = version.endsWith(MOD_FILE);
  return { path, version: isModFile ? version.slice(0, -MOD_FILE.length) : version, isModFile, hash };
}
