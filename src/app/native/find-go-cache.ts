import { isAbsolute } from "node:path";
import type { GoHere } from "../go-env.ts";

/** Go's own cache directory. */
export type GoCacheDir = { path: string } | { path: undefined; why: string };

export function findGoCache({ env, failure }: Pick<GoHere, "env" | "failure">): GoCacheDir {
  const { GOCACHE: path } = env;
  const missing = (why: string) => ({ path: undefined, why });
  if (path === undefined && failure !== undefined)
    return missing(`GOCACHE is not set, and go env fails: ${failure}`);
  if (path === undefined) return missing("GOCACHE is not set, and there is no go to ask");
  if (path === "off") return missing("GOCACHE is off");
  if (!isAbsolute(path)) return missing("GOCACHE is not an absolute path");
  return { path };
}
