import { mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve, sep } from "node:path";

/** Where the cache is, and under which name its files are handed to go. */
export interface CacheDir {
  root: string;
  shownRoot: string;
}

/**
 * Decides where the cache directory is: as configured, else `$GOCACHE/go-cache-plugin` (go exports GOCACHE to its
 * helper), or what GOCACHE is by default.
 *
 * `go build -o x.a` moves a cached archive away, out of the cache, unless its path begins with `$GOCACHE`; then it
 * copies. A directory elsewhere is therefore handed out through a symbolic link in `$GOCACHE`.
 */
export function locateCacheDir(
  configured: string | undefined,
  env: Record<string, string | undefined>,
): CacheDir {
  const goCache = env.GOCACHE;
  const below = goCache !== undefined && isAbsolute(goCache) ? goCache : undefined;
  const root =
    configured === undefined ? join(below ?? goCacheDir(env), "go-cache-plugin") : resolve(configured);
  if (below === undefined || root.startsWith(below + sep)) return { root, shownRoot: root };
  // Not normalized: go compares the beginning letter for letter, and `$GOCACHE` may have a `..` in it.
  const start = below.endsWith(sep) ? below : below + sep;
  if (configured === undefined) return { root, shownRoot: `${start}go-cache-plugin` };
  const link = `${start}go-cache-plugin-${Bun.hash(root).toString(16).padStart(16, "0")}`;
  return { root, shownRoot: ensureLink(link, root) ? link : root };
}

/** Where go has its cache when GOCACHE is not set (https://pkg.go.dev/os#UserCacheDir): for use outside of go. */
function goCacheDir(env: Record<string, string | undefined>): string {
  if (process.platform === "win32") return join(env.LocalAppData ?? homedir(), "go-build");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "go-build");
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "go-build");
}

function ensureLink(link: string, target: string): boolean {
  try {
    if (pointsTo(link, target)) return true;
    mkdirSync(target, { recursive: true });
    symlinkSync(target, link, process.platform === "win32" ? "junction" : "dir");
    return true;
  } catch {
    // Another helper may have made it in the meantime; where links can't be made the plain path has to do.
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
