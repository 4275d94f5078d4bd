import type { Pack } from "../format/entry.ts";

/**
 * More small packs than this cost a run's readers too many requests. Each branch that moves them has copies of its own,
 * so those that end soon rather have some more.
 */
const MAX_SMALL_PACKS = { default: 4, other: 32 };
const SMALL_PACK_BYTES = 1 << 20;
/** The limit for the bytes of one repack. */
const MAX_BYTES = 16 << 20;

/** The ids of the smallest packs if there are too many small ones: their outputs fit into one pack. */
export function scatteredPacks(packs: Iterable<Pack | undefined>, isDefaultBranch: boolean): Set<string> {
  const small = new Map<string, Pack>();
  for (const pack of packs)
    if (pack !== undefined && pack.sizeBytes < SMALL_PACK_BYTES) small.set(pack.id, pack);
  const chosen = new Set<string>();
  const max = isDefaultBranch ? MAX_SMALL_PACKS.default : MAX_SMALL_PACKS.other;
  if (small.size <= max) return chosen;
  let totalBytes = 0;
  for (const { id, sizeBytes } of [...small.values()].sort((a, b) => a.sizeBytes - b.sizeBytes)) {
    totalBytes += sizeBytes;
    if (totalBytes <= MAX_BYTES) chosen.add(id);
  }
  return chosen;
}
