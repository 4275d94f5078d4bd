import type { PackedEntry, Place } from "../format/entry.ts";

/** The entries of one record, used by one run or added by one session. A build that needs one mostly needs the others. */
export interface EntryGroup {
  entries: PackedEntry[];
}

/** An entry and the newest group that contains it. */
export interface IndexedEntry {
  entry: PackedEntry;
  group: EntryGroup;
}

/** The number of locations kept for one action or output; callers try them in order. */
const MAX_LOCATIONS = 8;

/** Indexes the entries of all records read so far. A lookup returns the first location added that is trusted. */
export class PackedIndex {
  readonly #actions = new Map<string, IndexedEntry>();
  /** Alternative locations, for the rare case that the first pack is gone or damaged. */
  readonly #others = new Map<string, IndexedEntry[]>();
  readonly #outputs = new Map<string, Place[]>();
  readonly distrustedPacks: Set<string>;

  /** `distrustedPacks`: ids of packs that are gone or have other bytes; the caller updates the set. */
  constructor(distrustedPacks: Set<string> = new Set()) {
    this.distrustedPacks = distrustedPacks;
  }

  /** Callers add groups from the newest to the oldest. */
  add(group: EntryGroup): void {
    for (const entry of group.entries) this.#add({ entry, group });
  }

  /** `undefined`: no record contains the action, or only distrusted packs hold its output. */
  find(actionId: string): IndexedEntry | undefined {
    const first = this.#actions.get(actionId);
    if (first === undefined || this.isTrusted(first.entry.place)) return first;
    return this.#others.get(actionId)?.find(({ entry }) => this.isTrusted(entry.place));
  }

  /** A trusted location of an output, for any action. */
  findPlace(outputId: string): Place | undefined {
    return this.#outputs.get(outputId)?.find((place) => this.isTrusted(place));
  }

  /** Whether the pack of this location is trusted. */
  isTrusted(place: Place | undefined): boolean {
    return place === undefined || !this.distrustedPacks.has(place.pack.id);
  }

  #add(indexed: IndexedEntry): void {
    const { actionId, outputId, place } = indexed.entry;
    const known = this.#actions.get(actionId);
    if (known === undefined) this.#actions.set(actionId, indexed);
    else if (known.entry.place?.pack.id !== place?.pack.id) append(this.#others, actionId, indexed);
    if (place !== undefined) this.#addPlace(outputId, place);
  }

  #addPlace(outputId: string, place: Place): void {
    const isKnown = this.#outputs.get(outputId)?.some(({ pack }) => pack.id === place.pack.id) === true;
    if (!isKnown) append(this.#outputs, outputId, place);
  }
}

/** Ignores values beyond `MAX_LOCATIONS`. */
function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else if (list.length < MAX_LOCATIONS) list.push(value);
}
