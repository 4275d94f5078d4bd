import type { PackedEntry, Place } from "../format/entry.ts";

/** The entries of one record: what one run used, or one session added. Needing one of them means to need most. */
export interface EntryGroup {
  entries: PackedEntry[];
}

/** An entry, and the newest group that has it. */
export interface IndexedEntry {
  entry: PackedEntry;
  group: EntryGroup;
}

/** Locations of one thing that are remembered: whoever has several tries them one after the other. */
const MAX_LOCATIONS = 8;

/** All that the records read so far say. Of several locations the one added first is taken while it can be trusted. */
export class PackedIndex {
  readonly #actions = new Map<string, IndexedEntry>();
  /** Further locations, for the rare case that the first one is no good. */
  readonly #others = new Map<string, IndexedEntry[]>();
  readonly #outputs = new Map<string, Place[]>();
  readonly distrustedPacks: Set<string>;

  /** `distrustedPacks`: ids of packs that are gone or hold other bytes; the caller adds to it and removes from it. */
  constructor(distrustedPacks: Set<string> = new Set()) {
    this.distrustedPacks = distrustedPacks;
  }

  /** Groups are added from the newest to the oldest. */
  add(group: EntryGroup): void {
    for (const entry of group.entries) this.#add({ entry, group });
  }

  /** `undefined`: no record names it, or only packs that can't be trusted hold it. */
  find(actionId: string): IndexedEntry | undefined {
    const first = this.#actions.get(actionId);
    if (first === undefined || this.isTrusted(first.entry.place)) return first;
    return this.#others.get(actionId)?.find(({ entry }) => this.isTrusted(entry.place));
  }

  /** Where an output lies already, whichever action made it. */
  findPlace(outputId: string): Place | undefined {
    return this.#outputs.get(outputId)?.find((place) => this.isTrusted(place));
  }

  /** Whether nothing speaks against what records say of this place. */
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

/** Above the limit it is left out. */
function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else if (list.length < MAX_LOCATIONS) list.push(value);
}
