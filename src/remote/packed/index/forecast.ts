/** What the next run of a scope will find, going by what the newest run wrote down. Changes nothing anywhere. */
import { mapAhead } from "../../../lib/async/map-ahead.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import { readSmallBytes } from "../../../store/read-small-object.ts";
import type { LocalOutputs } from "../../local-outputs.ts";
import type { Scope } from "../../scope/scope.ts";
import type { Pack, PackedEntry } from "../format/entry.ts";
import { PackedKeys } from "../format/keys.ts";
import type { RecordCheck } from "../format/record-trust.ts";
import { MAX_RECORD_BYTES, parseRunRecord } from "../format/run-record.ts";
import type { RecordRef } from "./record-cache.ts";
import { listRuns } from "./record-listing.ts";

const HEADS_AT_ONCE = 16;

/** Counts are of entries: what an action made. */
export interface Forecast {
  record: RecordRef;
  /** The server's clock. */
  serverTimeMs: number;
  entries: number;
  /** Whose outputs are on this machine's disk. */
  local: number;
  /** Which would be fetched. */
  remote: number;
  /** Whose packs are gone. */
  gone: number;
  /** Compressed bytes of what would be fetched. */
  fetchBytes: number;
}

/** `undefined`: no run is known, here or where it would be looked for. Rejects when the record can't be read or does not count. */
export async function forecastHits(options: {
  store: ObjectStore;
  /** The own prefix, then those that are read as well. */
  prefixes: readonly string[];
  scope: Scope;
  local: Pick<LocalOutputs, "findOutput">;
  /** `undefined`: every record counts. */
  check: RecordCheck | undefined;
  signal: AbortSignal;
}): Promise<Forecast | undefined> {
  const { store, prefixes, scope, local, check, signal } = options;
  const places = prefixes.map((prefix) => new PackedKeys(prefix));
  const { refs, serverTimeMs } = await listRuns(store, places, scope, signal);
  const record = refs[0];
  if (record === undefined) return undefined;
  const bytes = await readSmallBytes(store, record.key, MAX_RECORD_BYTES, signal);
  if (bytes === undefined) throw new Error("it is gone since it was listed");
  check?.check(record.key, bytes);
  const { entries } = parseRunRecord(bytes);
  const wanted = entries.filter((entry) => !isLocal(entry, local));
  const gone = await findGonePacks(store, wanted, signal);
  const remote = wanted.filter(({ place }) => place === undefined || !gone.has(place.pack.id));
  return {
    record,
    serverTimeMs,
    entries: entries.length,
    local: entries.length - wanted.length,
    remote: remote.length,
    gone: wanted.length - remote.length,
    fetchBytes: framesOf(remote),
  };
}

function isLocal({ outputId, sizeBytes }: PackedEntry, local: Pick<LocalOutputs, "findOutput">): boolean {
  return local.findOutput(outputId)?.sizeBytes === sizeBytes;
}

async function findGonePacks(
  store: ObjectStore,
  entries: PackedEntry[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const packs = new Map<string, Pack>();
  for (const { place } of entries) if (place !== undefined) packs.set(place.pack.id, place.pack);
  const gone = new Set<string>();
  const looks = mapAhead(packs.values(), HEADS_AT_ONCE, async ({ id, prefix }) => {
    if ((await store.head(new PackedKeys(prefix).pack(id), { signal })) === undefined) gone.add(id);
  });
  for await (const _ of looks);
  return gone;
}

/** Two actions may have made the same output, which is fetched once. */
function framesOf(entries: PackedEntry[]): number {
  const lengths = new Map(entries.map(({ outputId, place }) => [outputId, place?.length ?? 0]));
  return lengths.values().reduce((sum, length) => sum + length, 0);
}
