import { isAbsolute } from "node:path";
import type { LocalCache } from "../../buildcache/local-cache.ts";
import { ReadThrough } from "../../buildcache/read-through.ts";
import { GoCache } from "../../gocache/go-cache.ts";
import { whyForeign } from "./dir-owner.ts";
import { trustSetOf } from "./trusted-dir.ts";

/**
 * go's own cache directory, which go names to its helper. `undefined`: there is none, another user may have written to it,
 * or the cache directory `root` holds only what trusted keys have signed, which nobody knows of go's entries.
 */
export function openReadThrough(
  { GOCACHE: path }: Record<string, string | undefined>,
  root: string,
  local: LocalCache,
): ReadThrough | undefined {
  if (trustSetOf(root) !== undefined || path === undefined || !isAbsolute(path)) return undefined;
  if (whyForeign(path) !== undefined) return undefined;
  return new ReadThrough(new GoCache(path), local);
}
