/** The caches that `restore` fills and `save` reads out, and what `--only` calls them. */
import { isAbsolute, join } from "node:path";
import type { ModuleForms } from "../../gomodcache/module-forms.ts";
import { userCacheDir } from "../user-cache-dir.ts";

type Env = Record<string, string | undefined>;

export const LINTERS = [
  { name: "golangci-lint", variable: "GOLANGCI_LINT_CACHE" },
  { name: "staticcheck", variable: "STATICCHECK_CACHE" },
] as const;

/** `build`: go's own; `modules`: `$GOMODCACHE`. */
export type CacheName = "build" | "modules" | (typeof LINTERS)[number]["name"];

/** What `--only` takes. */
export const CACHE_KINDS = ["build", "lint", "modules"] as const;

export type CacheKind = (typeof CACHE_KINDS)[number];

/** What `--modules` takes. */
export const MODULE_FORMS = ["auto", "trees", "zips", "both"] as const satisfies readonly ModuleForms[];

/** Which caches a command is about, and what is kept of modules. */
export interface CacheChoice {
  only: ReadonlySet<CacheKind>;
  modules: ModuleForms;
}

/** A cache with an absolute path. Nothing may be there. */
export interface NativeCache {
  name: CacheName;
  path: string;
}

/**
 * The caches of linters, which have the format of go's own. A linter whose variable is `off` or a relative path refuses
 * to run, so it has none then.
 */
export function findLintCaches(env: Env): NativeCache[] {
  return LINTERS.map(({ name, variable }) => ({
    name,
    path: env[variable] || join(userCacheDir(env), name),
  })).filter(({ path }) => isAbsolute(path));
}
