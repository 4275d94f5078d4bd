import { isAbsolute } from "node:path";
import { withGoEnv } from "../go-env.ts";

type Env = Record<string, string | undefined>;

/** Go's own cache directory, with the variables that a helper of go would have. */
export type GoCacheDir = { env: Env } & ({ path: string } | { path: undefined; why: string });

/** Asks go, unless the environment says it. Never throws. */
export function findGoCache(outer: Env): GoCacheDir {
  const env = withGoEnv(outer);
  const { GOCACHE: path } = env;
  const missing = (why: string) => ({ env, path: undefined, why });
  if (path === undefined || path === "") return missing("GOCACHE is not set, and there is no go to ask");
  if (path === "off") return missing("GOCACHE is off");
  if (!isAbsolute(path)) return missing("GOCACHE is not an absolute path");
  return { env, path };
}
