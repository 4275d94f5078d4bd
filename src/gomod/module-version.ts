import { isModulePath } from "./module-path.ts";
import { isCanonical, matchesPath } from "./version.ts";

/** A module in a version. */
export interface ModuleVersion {
  path: string;
  version: string;
}

/** Whether go could name a module and a version so. */
export function isModuleVersion({ path, version }: ModuleVersion): boolean {
  return isModulePath(path) && isCanonical(version) && matchesPath(version, path);
}
