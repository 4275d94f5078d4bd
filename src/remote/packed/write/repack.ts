import type { LocalOutputs } from "../../local-outputs.ts";
import type { Pack, PackedEntry, Place } from "../format/entry.ts";
import type { LocalOutput } from "../format/output-frame.ts";

/** More small packs than this cost a run's readers too many requests. */
const MAX_SMALL_PACKS = 4;
const SMALL_PACK_BYTES = 1 << 20;
/** The limit for the bytes of one repack. */
const MAX_BYTES = 16 << 20;

/**
 * Repacks outputs of many small packs into one, if they are on the local disk. Returns the entries with their new
 * locations; entries that were not moved keep the old ones.
 */
export async function repackSmall(
  entries: PackedEntry[],
  options: { local: LocalOutputs; store: (outputs: LocalOutput[]) => Promise<Map<string, Place>> },
): Promise<PackedEntry[]> {
  const scattered = scatteredEntries(entries);
  const outputs = scattered.flatMap((entry) => findLocal(entry, options.local));
  if (outputs.length === 0) return entries;
  const places = await options.store(outputs);
  const moved = new Set(scattered);
  return entries.map((entry) => {
    const place = moved.has(entry) ? places.get(entry.outputId) : undefined;
    return place === undefined ? entry : { ...entry, place };
  });
}

/** Returns the entries in the smallest packs if there are too many small packs. */
function scatteredEntries(entries: PackedEntry[]): PackedEntry[] {
  const packs = new Map<string, Pack>();
  for (const { place } of entries) {
    if (place !== undefined && place.pack.sizeBytes < SMALL_PACK_BYTES) packs.set(place.pack.id, place.pack);
  }
  if (packs.size <= MAX_SMALL_PACKS) return [];
  const chosen = new Set<string>();
  let totalBytes = 0;
  for (const { id, sizeBytes } of [...packs.values()].sort((a, b) => a.sizeBytes - b.sizeBytes)) {
    totalBytes += sizeBytes;
    if (totalBytes <= MAX_BYTES) chosen.add(id);
  }
  return entries.filter(({ place }) => place !== undefined && chosen.has(place.pack.id));
}

function findLocal({ outputId, sizeBytes }: PackedEntry, local: LocalOutputs): LocalOutput[] {
  const found = local.findOutput(outputId);
  return found?.sizeBytes === sizeBytes ? [{ outputId, sizeBytes, path: found.path }] : [];
}
