/** What `restore` and `save` did with go's own cache directory, from counters. */
export interface NativeFigures {
  restores: number;
  /** Entries that are in go's cache directory since then. */
  restored: number;
  fetchedBytes: number;
  saves: number;
  /** Entries that go used, and those of them that the bucket lacked. */
  used: number;
  added: number;
}

/** Counters of `restore` and `save`, by the names of `--metrics`. */
export const NATIVE_COUNTERS = {
  restores: "restores",
  restored: "restore_entries",
  missing: "restore_missing",
  saves: "saves",
  used: "save_used",
  added: "save_added",
} as const;

/** `undefined`: neither of them has run. */
export function nativeFiguresOf(counts: Readonly<Record<string, number>>): NativeFigures | undefined {
  const of = (name: string): number => counts[name] ?? 0;
  const { restores, restored, saves, used, added } = NATIVE_COUNTERS;
  if (of(restores) + of(saves) === 0) return undefined;
  return {
    restores: of(restores),
    restored: of(restored),
    fetchedBytes: of("prefetch_bytes"),
    saves: of(saves),
    used: of(used),
    added: of(added),
  };
}
