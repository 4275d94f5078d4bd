/** What `restore` and `save` did with go's own cache directory, those of linters and the modules, from counters. */
import type { CacheName } from "../native/native-caches.ts";

export interface NativeFigures {
  restores: number;
  /** Entries that are in the caches of go and of linters since then. */
  restored: number;
  /** Of all caches. */
  fetchedBytes: number;
  saves: number;
  /** Entries that go and linters used, and those of them that the bucket lacked. */
  used: number;
  added: number;
  /** `undefined`: nothing was done with any. They are in none of the counts of entries. */
  modules: ModuleFigures | undefined;
}

/** Modules, each counted once, whatever there is of it: its files, its zip, or its go.mod alone. */
export interface ModuleFigures {
  restored: number;
  /** The bucket's records name them, and they could not be restored. */
  missing: number;
  /** Those that were there at a `save`, and those of them that the bucket lacked. */
  present: number;
  added: number;
}

/** Counters of `restore` and `save`, by the names of `--metrics`, of all caches; see `ofCache`. */
export const NATIVE_COUNTERS = {
  restores: "restores",
  restored: "restore_entries",
  missing: "restore_missing",
  saves: "saves",
  used: "save_used",
  added: "save_added",
} as const;

/** The counter of one cache. */
export function ofCache(counter: string, cache: CacheName): string {
  return `${counter}_${cache.replaceAll("-", "_")}`;
}

/** `undefined`: neither of them has run. */
export function nativeFiguresOf(counts: Readonly<Record<string, number>>): NativeFigures | undefined {
  const of = (name: string): number => counts[name] ?? 0;
  const { restores, restored, missing, saves, used, added } = NATIVE_COUNTERS;
  if (of(restores) + of(saves) === 0) return undefined;
  const ofModules = (name: string) => of(ofCache(name, "modules"));
  const ofEntries = (name: string) => Math.max(0, of(name) - ofModules(name));
  const modules: ModuleFigures = {
    restored: ofModules(restored),
    missing: ofModules(missing),
    present: ofModules(used),
    added: ofModules(added),
  };
  return {
    restores: of(restores),
    restored: ofEntries(restored),
    fetchedBytes: of("prefetch_bytes"),
    saves: of(saves),
    used: ofEntries(used),
    added: ofEntries(added),
    modules: Object.values(modules).some((count) => count > 0) ? modules : undefined,
  };
}
