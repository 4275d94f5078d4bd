/** The cache directory for entries that a set of keys has signed: `<cache directory>/trust/<set>`. */
import { basename, dirname, join } from "node:path";

const NAME = "trust";
const SET = /^[0-9a-f]{16}$/;
const FALLBACK = /^go-cache-plugin-(?:\d+|user)-([0-9a-f]{16})$/;

/** Returns such a directory unchanged: a server passes its own on to the helpers that it starts. */
export function trustedDir(base: string, trustSet: string): string {
  return trustSetOf(base) === trustSet ? base : join(base, NAME, trustSet);
}

/** The set that a directory made by `trustedDir` belongs to, or one that stands in for it. */
export function trustSetOf(root: string): string | undefined {
  const name = basename(root);
  if (SET.test(name) && basename(dirname(root)) === NAME) return name;
  return FALLBACK.exec(name)?.[1];
}
