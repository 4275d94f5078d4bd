import type { LocalOutputs } from "../../local-outputs.ts";
import type { Pack, PackedEntry, Place } from "../format/entry.ts";
import type { LocalOutput } from "../format/output-frame.ts";

/** A run that needs more small packs than this costs its readers too many requests. */
const MAX_SMALL_PACKS = 4;
const SMALL_PACK_BYTES = 1 << 20;
/** Rewritten at a time. */
const MAX_BYTES = 16 << 20;

/**
 * Brings what lies in many small packs together into one, as far as the outputs are on this machine. Returns the
 * entries with their new places; those that could not be moved keep their old ones.
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

/** The entries in the smallest of the small packs, when there are too many. */
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
