import { readlinkSync, symlinkSync } from "node:fs";
import { isAbsolute, join, resolve, sep } from "node:path";
import type { CacheDirSetting } from "../config.ts";
import { userCacheDir } from "../user-cache-dir.ts";
import { ensureCacheDir, whyForeign, whyOpen, whyReplaceable, whyUnsafe } from "./dir-owner.ts";
import { ownTemporaryDir } from "./fallback-dir.ts";
import { trustedDir } from "./trusted-dir.ts";

/** Where the cache is, and under which name go gets its files. */
export interface CacheDir {
  root: string;
  shownRoot: string;
  /** Why it is not the configured one; `undefined`: it is. */
  refusal?: string;
}

/**
 * Decides where the cache directory is: as configured, else `$GOCACHE/go-cache-plugin` (go exports GOCACHE to its
 * helper), or what GOCACHE is by default. Entries that a set of trusted keys has signed are in `trust/<set>` below
 * that. One that somebody else could have filled is not used: then it is a directory of our own among the temporary
 * files.
 *
 * `go build -o x.a` moves a cached archive away, out of the cache, unless its path begins with `$GOCACHE`; then it
 * copies. Paths in a directory elsewhere therefore go through a symbolic link in `$GOCACHE`.
 */
export function locateCacheDir(
  configured: CacheDirSetting,
  env: Record<string, string | undefined>,
): CacheDir {
  const { path, trustSet } =
    typeof configured === "object" ? configured : { path: configured, trustSet: undefined };
  const goCache = env.GOCACHE;
  const below = goCache !== undefined && isAbsolute(goCache) ? goCache : undefined;
  const base =
    path === undefined
      ? join(below ?? join(userCacheDir(env), "go-build"), "go-cache-plugin")
      : resolve(path);
  const root = trustSet === undefined ? base : trustedDir(base, trustSet);
  const reason = trustSet === undefined ? whyForeign(base) : whyUnsafe(base, root);
  if (reason === undefined)
    return { root, shownRoot: shownAs(root, { isDefault: path === undefined, below, trustSet }) };
  const own = ownTemporaryDir(root);
  const shownRoot = shownAs(own, { isDefault: false, below, trustSet });
  return {
    root: own,
    shownRoot,
    refusal: `cache directory ${base} is not used, ${reason}; using ${own} instead`,
  };
}

function shownAs(
  root: string,
  how: { isDefault: boolean; below: string | undefined; trustSet: string | undefined },
): string {
  const { isDefault, below, trustSet } = how;
  if (below === undefined || root.startsWith(below + sep)) return root;
  // Not normalized: go compares the beginning letter for letter, and `$GOCACHE` may have a `..` in it.
  const start = below.endsWith(sep) ? below : below + sep;
  const tail = trustSet === undefined ? "" : `${sep}${trustedDir("", trustSet)}`;
  if (isDefault) return `${start}go-cache-plugin${tail}`;
  // A user who can write there could point the link elsewhere.
  const problem = trustSet === undefined ? whyReplaceable(below) : whyOpen(below);
  if (problem !== undefined) return root;
  const link = `${start}go-cache-plugin-${Bun.hash(root).toString(16).padStart(16, "0")}`;
  return ensureLink(link, root) ? link : root;
}

function ensureLink(link: string, target: string): boolean {
  try {
    if (pointsTo(link, target)) return true;
    ensureCacheDir(target);
    symlinkSync(target, link, process.platform === "win32" ? "junction" : "dir");
    return true;
  } catch {
    // Another helper may have made it in the meantime; without links, go gets the plain path.
    return pointsTo(link, target);
  }
}

function pointsTo(link: string, target: string): boolean {
  try {
    return readlinkSync(link) === target;
  } catch {
    return false;
  }
}
