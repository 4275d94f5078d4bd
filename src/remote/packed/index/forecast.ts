/** Predicts the hits of a scope's next run from the newest run record. Writes nothing. */
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

/** All counts are numbers of entries. */
export interface Forecast {
  record: RecordRef;
  /** The server's clock. */
  serverTimeMs: number;
  entries: number;
  /** Entries with their output on the local disk. */
  local: number;
  /** Entries that would be fetched. */
  remote: number;
  /** Entries with a missing pack. */
  gone: number;
  /** Compressed bytes of the outputs to fetch. */
  fetchBytes: number;
}

/** `undefined`: neither this scope nor its fallbacks have a run record. Rejects if it is unreadable or not trusted. */
export async function forecastHits(options: {
  store: ObjectStore;
  /** The own prefix, then the additional ones to read. */
  prefixes: readonly string[];
  scope: Scope;
  local: Pick<LocalOutputs, "findOutput">;
  /** `undefined`: accepts every record. */
  check: RecordCheck | undefined;
  signal: AbortSignal;
}): Promise<Forecast | undefined> {
  const { store, prefixes, scope, local, check, signal } = options;
  const places = prefixes.map((prefix) => new PackedKeys(prefix));
  const { refs, serverTimeMs } = await listRuns(store, places, scope, signal);
  const record = refs[0];
  if (record === undefined) return undefined;
  const bytes = await readSmallBytes(store, record.key, MAX_RECORD_BYTES, signal);
  if (bytes === undefined) throw new Error("it was removed after it was listed");
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

/** The bytes of all frames. An output of several actions is fetched, and counted, once. */
function framesOf(entries: PackedEntry[]): number {
  const lengths = new Map(entries.map(({ outputId, place }) => [outputId, place?.length ?? 0]));
  return lengths.values().reduce((sum, length) => sum + length, 0);
}
