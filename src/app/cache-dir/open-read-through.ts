import { isAbsolute } from "node:path";
import type { LocalCache } from "../../buildcache/local-cache.ts";
import { ReadThrough } from "../../buildcache/read-through.ts";
import { GoCache } from "../../gocache/go-cache.ts";
import { whyForeign } from "./dir-owner.ts";
import { trustSetOf } from "./trusted-dir.ts";

/** Takes entries of go's own cache directory over, where there is one to read. Looks at the disk when it is first used. */
export function openReadThrough(
  env: Record<string, string | undefined>,
  root: string,
  local: LocalCache,
): ReadThrough {
  return new ReadThrough(() => goCacheToRead(env, root), local);
}

/**
 * go's own cache directory, which go names to its helper. `undefined`: there is none, another user may have written to it,
 * or the cache directory `root` holds only what trusted keys have signed, which nobody knows of go's entries.
 */
export function goCacheToRead(
  { GOCACHE: path }: Record<string, string | undefined>,
  root: string,
): GoCache | undefined {
  if (trustSetOf(root) !== undefined || path === undefined || !isAbsolute(path)) return undefined;
  return whyForeign(path) === undefined ? new GoCache(path) : undefined;
}
