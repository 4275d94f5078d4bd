import type { Pack } from "../format/entry.ts";

/**
 * The small packs below the same limit are written together when there are more than a few, so an output is moved twice
 * in its life at most. Small packs cost a run's readers requests; in large ones, much is unused after some commits.
 */
const TIERS = [64 << 10, 256 << 10];
/** Each branch that moves outputs has copies of its own, so those that end soon rather have some more packs. */
const MAX_PER_TIER = { default: 4, other: 12 };
/** The limit for the bytes of one repack. */
const MAX_BYTES = 16 << 20;

/** The ids of the small packs of which there are too many: their outputs fit into one pack. */
export function scatteredPacks(packs: Iterable<Pack>, isDefaultBranch: boolean): Set<string> {
  const distinct = new Map([...packs].map((pack) => [pack.id, pack]));
  const tierOf = ({ sizeBytes }: Pack) => TIERS.findIndex((limit) => sizeBytes < limit);
  const tiers = Map.groupBy(distinct.values(), tierOf);
  const max = isDefaultBranch ? MAX_PER_TIER.default : MAX_PER_TIER.other;
  const crowded = [...tiers].filter(([tier, some]) => tier !== -1 && some.length > max);
  const chosen = new Set<string>();
  let totalBytes = 0;
  const bySize = crowded.flatMap(([, some]) => some).sort((a, b) => a.sizeBytes - b.sizeBytes);
  for (const { id, sizeBytes } of bySize) {
    totalBytes += sizeBytes;
    if (totalBytes <= MAX_BYTES) chosen.add(id);
  }
  return chosen;
}
